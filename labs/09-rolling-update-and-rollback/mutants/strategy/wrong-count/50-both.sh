# Scaled to nothing while it was changed, and left there.
kubectl scale deployment ml-inference --replicas=0
