# The Deployment was deleted, not a pod.
kubectl -n "$NAMESPACE" delete deployment ml-demo
