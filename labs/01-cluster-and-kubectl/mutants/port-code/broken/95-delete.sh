# Handed in, then the Deployment is taken away.
kubectl -n "$NAMESPACE" delete deployment ml-demo
kubectl -n "$NAMESPACE" wait --for=delete pod --selector app=ml-demo --timeout=60s
