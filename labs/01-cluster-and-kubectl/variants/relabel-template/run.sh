# The pods give way, not the Service: the label goes into the Deployment's template, which rolls them over.
set -euo pipefail
mkdir -p answers
kubectl config set "contexts.$(kubectl config current-context).namespace" "$NAMESPACE"
echo "$(kubectl get nodes -o jsonpath='{range .items[*]}{.metadata.name}{"\n"}{end}' | wc -l) nodes" > answers/nodes.txt
kubectl patch deployment ml-demo --patch '{"spec": {"template": {"metadata": {"labels": {"tier": "frontend"}}}}}'
kubectl rollout status deployment/ml-demo --timeout=90s
sleep 2
# All pods at once.
kubectl delete pods --selector app=ml-demo
kubectl rollout status deployment/ml-demo --timeout=90s
pod=$(kubectl get pods -l app=ml-demo -o jsonpath='pod/{.items[0].metadata.name}')
kubectl exec "$pod" -- sh -c 'read -r code < /tmp/inside-code; echo "The code is $code."' > answers/inside.txt
# No port-forward: from inside the cluster every port of a pod is within reach.
address=$(kubectl get "$pod" -o jsonpath='{.status.podIP}')
kubectl exec client -- curl --silent --fail --max-time 10 "http://$address:9000/code" > answers/port.txt
