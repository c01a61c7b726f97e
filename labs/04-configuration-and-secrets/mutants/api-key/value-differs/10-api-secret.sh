# The second key is forgotten.
kubectl -n "$NAMESPACE" create secret generic api-credentials --from-literal=API_KEY=mlops-secret-key-2026
