# The ConfigMap is edited, and nobody tells the pods.
kubectl -n "$NAMESPACE" get configmap gateway-config -o yaml | sed 's/Gateway v1.0/Gateway v1.1/' | kubectl -n "$NAMESPACE" apply -f -
