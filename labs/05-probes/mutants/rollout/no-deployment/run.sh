# Deleted to start afresh, and not applied again.
kubectl -n "$NAMESPACE" delete deployment ml-inference
