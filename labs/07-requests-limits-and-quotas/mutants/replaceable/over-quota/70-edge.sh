kubectl rollout status deployment/ml-inference --timeout=100s
kubectl rollout status deployment/batch-scorer --timeout=100s
# Six training pods that nobody needs any more wait for nodes with 16 cores, and count.
kubectl apply -f - <<'YAML'
apiVersion: apps/v1
kind: Deployment
metadata:
  name: edge
spec:
  replicas: 8
  selector:
    matchLabels:
      app: edge
  template:
    metadata:
      labels:
        app: edge
    spec:
      containers:
        - name: trainer
          image: workbook.local/ml-inference:1.0
          resources:
            requests:
              cpu: "16"
            limits:
              cpu: "16"
YAML
until kubectl get deployment edge -o jsonpath='{.status.conditions[?(@.type=="ReplicaFailure")].status}' | grep -q True; do sleep 0.5; done
# (On a busy machine a seventh may have slipped in while the quota was counted anew: then nothing is left for this one.)
kubectl run last --image=workbook.local/toolbox:1.0 --overrides='{"spec": {"containers": [{"name": "last", "image": "workbook.local/toolbox:1.0", "resources": {"limits": {"cpu": "3", "memory": "128Mi"}}}]}}' || true
# And small experiments take the rest, until the next is refused.
for i in $(seq 60); do
  kubectl run "rest-$i" --image=workbook.local/toolbox:1.0 --overrides="{\"spec\": {\"containers\": [{\"name\": \"rest\",
    \"image\": \"workbook.local/toolbox:1.0\", \"resources\": {\"limits\": {\"cpu\": \"100m\", \"memory\": \"128Mi\"}}}]}}" || break
done
