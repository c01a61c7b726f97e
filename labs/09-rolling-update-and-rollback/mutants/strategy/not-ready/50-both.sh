# The new version is asked for a page it does not have.
kubectl patch deployment ml-inference --patch '{"spec": {"template": {"spec": {"containers": [{"name": "ml-model", "readinessProbe": {"httpGet": {"path": "/readyz"}}}]}}}}'
