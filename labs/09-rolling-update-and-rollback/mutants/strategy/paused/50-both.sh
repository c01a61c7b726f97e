# Paused to look at something, and forgotten.
kubectl rollout pause deployment/ml-inference
