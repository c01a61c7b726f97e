kubectl -n "$NAMESPACE" create secret generic api-credentials \
  --from-literal=API_KEY=mlops-secret-key-2026 \
  --from-literal=JWT_SECRET=super-secret-jwt-token
