# Scaled up for the update, and left there.
kubectl scale deployment ml-inference --replicas=4
