kubectl -n "$NAMESPACE" rollout status deployment/api-gateway --timeout=120s
