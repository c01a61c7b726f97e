# The first address that nslookup prints is the server's that it asked.
kubectl -n "$NAMESPACE" wait pod/client --for=condition=Ready --timeout=120s
kubectl -n "$NAMESPACE" exec client -- nslookup ml-inference-service | grep Address | head -n 1 > answers/address.txt
