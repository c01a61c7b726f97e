# Cleaned up a little too much.
kubectl delete deployment ml-inference
