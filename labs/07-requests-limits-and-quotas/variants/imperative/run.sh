# Hardly a manifest: kubectl's own commands, no CPU limit at all on the service, GPUs as what is too much.
set -euo pipefail
mkdir -p answers

kubectl run guaranteed --image=workbook.local/toolbox:1.0 --overrides='{"spec": {"containers": [
  {"name": "guaranteed", "image": "workbook.local/toolbox:1.0", "command": ["sleep", "infinity"],
   "resources": {"limits": {"cpu": "0.1", "memory": "134217728"}}}]}}'
kubectl run burstable --image=workbook.local/toolbox:1.0 --overrides='{"spec": {"containers": [
  {"name": "burstable", "image": "workbook.local/toolbox:1.0", "command": ["sleep", "infinity"],
   "resources": {"requests": {"memory": "128Mi"}}}]}}'
kubectl run besteffort --image=workbook.local/toolbox:1.0 --command -- sleep infinity

# In a merge patch null takes a field away.
kubectl patch deployment ml-inference --patch '{"spec": {"template": {"spec": {"containers": [
  {"name": "ml-model", "resources": {"requests": {"cpu": "250m", "memory": "128Mi"}, "limits": {"cpu": null, "memory": "192Mi"}}}]}}}}'
kubectl set resources deployment batch-scorer --requests=cpu=100m,memory=300Mi --limits=cpu=200m,memory=300Mi
kubectl rollout status deployment/ml-inference --timeout=60s

kubectl create quota ml-team-quota --hard=requests.cpu=100,requests.memory=200Gi,requests.nvidia.com/gpu=8,limits.cpu=200,limits.memory=400Gi,pods=50,services.loadbalancers=5
kubectl apply -f - <<'YAML'
apiVersion: v1
kind: LimitRange
metadata:
  name: ml-limits
spec:
  limits:
    - type: Container
      min: { cpu: 0.1, memory: 128Mi }
      max: { cpu: 16, memory: 65536Mi }
      default: { cpu: 1000m, memory: 2048Mi }
      defaultRequest: { cpu: 0.5, memory: 1Gi }
YAML

cat >over-quota.yaml <<'YAML'
{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "over-quota"}, "spec": {"containers": [
  {"name": "trainer", "image": "workbook.local/ml-inference:1.0", "resources": {"limits": {"nvidia.com/gpu": 9}}}]}}
YAML
printf '  oomkilled \n' >answers/reason.txt
echo 137 >answers/exit-code.txt
