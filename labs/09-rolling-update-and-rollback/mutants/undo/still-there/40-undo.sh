# Undone twice, to be sure: the second one leads forward again.
kubectl rollout undo deployment/ml-inference
sleep 3
kubectl rollout undo deployment/ml-inference
