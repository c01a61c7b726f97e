# The canary's pods are gone, its weight is not.
kubectl scale deployment/ml-inference-canary --replicas=0
kubectl wait --for=delete pod -l track=canary --timeout=60s
