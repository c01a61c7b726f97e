# Cleaned up a little too much.
kubectl delete deployment batch-scorer
