# The address of one of the pods instead of the name's.
kubectl -n "$NAMESPACE" get pods -l app=ml-inference -o jsonpath='{.items[0].status.podIP}' > answers/address.txt
