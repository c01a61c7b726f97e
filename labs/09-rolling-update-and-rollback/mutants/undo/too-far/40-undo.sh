# To the number of a version that was there before the update.
kubectl rollout undo deployment/ml-inference --to-revision=1
