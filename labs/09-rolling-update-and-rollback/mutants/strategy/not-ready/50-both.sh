# The pods are asked for a page they do not have.
kubectl patch deployment ml-inference --patch '{"spec": {"replicas": 3, "template": {"spec": {"containers": [{"name": "ml-model", "readinessProbe": {"httpGet": {"path": "/readyz"}}}]}}}}'
