# Nothing is replaced here; the pods only have to be there.
kubectl -n "$NAMESPACE" rollout status deployment/ml-demo --timeout=60s
