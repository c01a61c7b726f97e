# The same as an env: entry with valueFrom.secretKeyRef in the manifest.
kubectl -n "$NAMESPACE" set env deployment/api-gateway --from=secret/api-credentials --keys=API_KEY
