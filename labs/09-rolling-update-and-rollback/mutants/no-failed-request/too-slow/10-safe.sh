# The rollout of this very manifest is not waited for: it was made a ReplicaSet already.
kubectl delete deployment ml-inference
kubectl apply -f ml-inference.yaml
sleep 1
