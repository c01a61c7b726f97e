# The same as an env: entry with valueFrom.secretKeyRef in the manifest.
kubectl -n "$NAMESPACE" set env deployment/api-gateway --from=secret/api-credentials --keys=API_KEY
# A line to see whether it arrived.
kubectl -n "$NAMESPACE" patch deployment api-gateway --patch '{"spec": {"template": {"spec": {"containers": [{"name": "nginx", "command": ["sh", "-c", "echo starting with key $API_KEY; exec nginx -g \"daemon off;\""]}]}}}}'
