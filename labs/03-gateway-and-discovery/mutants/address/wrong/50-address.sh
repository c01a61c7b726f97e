# The gateway's own address.
kubectl -n "$NAMESPACE" get service api-gateway-service -o jsonpath='{.spec.clusterIP}' > answers/address.txt
