# Without --target-port, expose takes the Service's own port for the container's.
kubectl -n "$NAMESPACE" delete service ml-demo
kubectl -n "$NAMESPACE" expose deployment ml-demo --port=80
