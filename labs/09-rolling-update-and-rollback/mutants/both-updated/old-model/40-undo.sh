# The version that was to be taken back is waited for, and stays.
kubectl rollout status deployment/ml-inference --timeout=60s
