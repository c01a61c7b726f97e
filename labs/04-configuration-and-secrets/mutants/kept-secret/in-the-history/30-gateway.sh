# Typed in first, to try; then done as it should be.
kubectl -n "$NAMESPACE" set env deployment/api-gateway API_KEY=mlops-secret-key-2026
kubectl -n "$NAMESPACE" set env deployment/api-gateway API_KEY-
# The same as an env: entry with valueFrom.secretKeyRef in the manifest.
kubectl -n "$NAMESPACE" set env deployment/api-gateway --from=secret/api-credentials --keys=API_KEY
