# The route is gone: deleted with the intention to make it anew.
kubectl delete httproute ml-inference
