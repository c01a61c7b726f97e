set -euo pipefail
kubectl -n "$NAMESPACE" create secret generic api-credentials \
  --from-literal=API_KEY=mlops-secret-key-2026 \
  --from-literal=JWT_SECRET=super-secret-jwt-token
kubectl -n "$NAMESPACE" create secret docker-registry ml-registry-credentials \
  --docker-server=workbook.local --docker-username=mlops-user --docker-password=registry-password-xyz
kubectl -n "$NAMESPACE" apply -k development
kubectl -n "$NAMESPACE" apply -k production
# All keys of the Secret, by envFrom.
kubectl -n "$NAMESPACE" patch deployment api-gateway --patch '{"spec": {"template": {"spec": {"containers": [{"name": "nginx", "envFrom": [{"secretRef": {"name": "api-credentials"}}]}]}}}}'
for one in ml-inference ml-inference-production api-gateway; do
  kubectl -n "$NAMESPACE" rollout status "deployment/$one" --timeout=120s
done
