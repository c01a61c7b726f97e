# The ConfigMap is edited (the port forgotten) and one pod deleted to try it; the other runs on with the old file.
kubectl -n "$NAMESPACE" get configmap gateway-config -o yaml | sed 's/ml-inference-service:5000;/ml-inference-service;/' | kubectl -n "$NAMESPACE" apply -f -
kubectl -n "$NAMESPACE" delete "$(kubectl -n "$NAMESPACE" get pods -l app=api-gateway -o name | head -n 1)"
kubectl -n "$NAMESPACE" rollout status deployment/api-gateway --timeout=120s
