kubectl -n "$NAMESPACE" get service ml-inference-service -o jsonpath='{.spec.clusterIP}' > answers/address.txt
