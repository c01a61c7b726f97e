# Cleaned up one object too many.
kubectl -n "$NAMESPACE" delete service ml-inference-service
