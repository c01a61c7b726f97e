# The process was ended instead of the pod.
kubectl -n "$NAMESPACE" rollout status deployment/ml-demo --timeout=60s
pod=$(kubectl -n "$NAMESPACE" get pods -l app=ml-demo -o jsonpath='pod/{.items[0].metadata.name}')
kubectl -n "$NAMESPACE" exec "$pod" -- sh -c 'kill 1' || true
kubectl -n "$NAMESPACE" wait "$pod" --for=jsonpath='{.status.containerStatuses[0].restartCount}'=1 --timeout=30s
kubectl -n "$NAMESPACE" wait "$pod" --for=condition=Ready --timeout=30s
