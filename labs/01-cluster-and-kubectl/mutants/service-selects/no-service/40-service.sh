# Made anew, under a name that no client calls.
kubectl -n "$NAMESPACE" delete service ml-demo
kubectl -n "$NAMESPACE" expose deployment ml-demo --name=ml-demo-service --port=80 --target-port=5000
