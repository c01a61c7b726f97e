# More than any node has: the new pod stays Pending.
kubectl -n "$NAMESPACE" set resources deployment ml-demo --requests=cpu=50,memory=64Mi
