# Scaled down to save, with the words "the gateway balances anyway".
kubectl -n "$NAMESPACE" scale deployment ml-inference --replicas=1
kubectl -n "$NAMESPACE" rollout status deployment/ml-inference --timeout=120s
