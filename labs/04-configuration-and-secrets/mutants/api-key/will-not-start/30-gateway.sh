# The key's name in small letters.
kubectl -n "$NAMESPACE" patch deployment api-gateway --patch '{"spec": {"template": {"spec": {"containers": [{"name": "nginx", "env": [{"name": "API_KEY", "valueFrom": {"secretKeyRef": {"name": "api-credentials", "key": "api_key"}}}]}]}}}}'
