# Scaled to 0 to "restart" it, and left there.
kubectl -n "$NAMESPACE" scale deployment ml-demo --replicas=0
kubectl -n "$NAMESPACE" wait --for=delete pod --selector app=ml-demo --timeout=60s
