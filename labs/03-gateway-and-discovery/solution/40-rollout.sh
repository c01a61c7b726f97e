kubectl -n "$NAMESPACE" rollout status deployment/ml-inference --timeout=60s
kubectl -n "$NAMESPACE" rollout status deployment/api-gateway --timeout=60s
