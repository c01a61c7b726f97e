kubectl scale deployment/ml-inference --replicas=3
