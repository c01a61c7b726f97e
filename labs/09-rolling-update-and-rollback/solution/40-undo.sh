# … and taken back.
kubectl rollout undo deployment/ml-inference
