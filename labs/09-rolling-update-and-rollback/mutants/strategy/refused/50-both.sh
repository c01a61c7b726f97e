# A ServiceAccount nobody has made.
kubectl patch deployment ml-inference --patch '{"spec": {"template": {"spec": {"serviceAccountName": "ml-inference"}}}}'
