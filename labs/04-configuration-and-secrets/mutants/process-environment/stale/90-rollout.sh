kubectl -n "$NAMESPACE" rollout status deployment/ml-inference --timeout=120s
