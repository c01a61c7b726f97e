kubectl -n "$NAMESPACE" rollout status deployment/ml-inference --timeout=120s
kubectl -n "$NAMESPACE" rollout status deployment/api-gateway --timeout=120s
