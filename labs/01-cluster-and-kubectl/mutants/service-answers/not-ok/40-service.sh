# The port that was used with port-forward is now the Service's target.
kubectl -n "$NAMESPACE" delete service ml-demo
kubectl -n "$NAMESPACE" expose deployment ml-demo --port=80 --target-port=9000
