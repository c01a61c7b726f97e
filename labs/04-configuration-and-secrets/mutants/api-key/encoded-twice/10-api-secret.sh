# "Secrets are base64": so encode it first. kubectl does that too.
kubectl -n "$NAMESPACE" create secret generic api-credentials \
  --from-literal=API_KEY="$(printf %s mlops-secret-key-2026 | base64)" \
  --from-literal=JWT_SECRET=super-secret-jwt-token
