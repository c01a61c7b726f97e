# "Restart it": all pods are new, but because the template changed.
kubectl -n "$NAMESPACE" rollout restart deployment/ml-demo
kubectl -n "$NAMESPACE" rollout status deployment/ml-demo --timeout=60s
