kubectl -n "$NAMESPACE" rollout status deployment/ml-demo --timeout=60s
# Timestamps are whole seconds: the replacement must not fall into the second in which the rollout ended.
sleep 2
first=$(kubectl -n "$NAMESPACE" get pods -l app=ml-demo -o jsonpath='pod/{.items[0].metadata.name}')
kubectl -n "$NAMESPACE" delete "$first"
kubectl -n "$NAMESPACE" rollout status deployment/ml-demo --timeout=60s
