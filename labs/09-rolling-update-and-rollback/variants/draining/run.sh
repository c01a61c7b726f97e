set -euo pipefail
# The next step may come as soon as the Deployment remembers this image: pods may follow at their own pace.
remembered() {
  timeout 60 bash -c "until kubectl get replicasets -o jsonpath='{..image}' | grep -q ':$1'; do sleep 0.5; done"
}
# The process itself goes on for a while after SIGTERM; the configuration keeps its name and the pods are restarted.
kubectl patch deployment ml-inference --patch '
metadata: { annotations: { kubernetes.io/change-cause: "to 1.1, LOG_LEVEL warn" } }
spec: { template: { spec: { containers: [{ name: ml-model, image: "workbook.local/ml-inference:1.1", env: [{ name: LOG_LEVEL, value: warn }] }] } } }'
remembered 1.1
kubectl set image deployment/ml-inference ml-model=workbook.local/ml-inference:2.0
kubectl annotate deployment/ml-inference kubernetes.io/change-cause=2.0 --overwrite
remembered 2.0
kubectl get configmap gateway-config -o yaml | sed 's/API Gateway 1.0/API Gateway 1.1/' | kubectl apply -f -
kubectl rollout restart deployment/api-gateway
good=$(kubectl get replicasets -l app=ml-inference -o jsonpath='{range .items[*]}{.metadata.annotations.deployment\.kubernetes\.io/revision} {.spec.template.spec.containers[0].image}{"\n"}{end}' | sort -n | awk '/:1\.1$/ { print $1 }' | tail -n 1)
kubectl rollout undo deployment/ml-inference --to-revision="$good"
