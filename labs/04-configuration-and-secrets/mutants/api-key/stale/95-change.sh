# The key is changed in its place; the gateway is not told.
kubectl -n "$NAMESPACE" patch secret api-credentials --patch '{"stringData": {"API_KEY": "mlops-secret-key-2026"}}'
