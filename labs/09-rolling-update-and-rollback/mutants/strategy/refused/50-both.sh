# A ServiceAccount nobody has made.
kubectl patch deployment ml-inference --patch '{"spec": {"replicas": 3, "template": {"spec": {"serviceAccountName": "ml-inference"}}}}'
