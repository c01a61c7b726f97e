# The single canary pod gets everything, and the old Deployment is deleted.
weights 0 100
kubectl delete deployment ml-inference
