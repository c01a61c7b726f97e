# The manifest makes updates safe; here it is applied already.
kubectl rollout history deployment/ml-inference
