# Everything goes to the new version, and the old pods are left standing.
kubectl scale deployment/ml-inference-canary --replicas=3
kubectl rollout status deployment/ml-inference-canary --timeout=60s
weights 0 100
