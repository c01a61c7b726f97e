# One more pod was asked for, and none taken away.
kubectl -n "$NAMESPACE" scale deployment ml-demo --replicas=3
kubectl -n "$NAMESPACE" rollout status deployment/ml-demo --timeout=60s
