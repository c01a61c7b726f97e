# Deleted to start afresh.
kubectl delete deployment ml-inference
