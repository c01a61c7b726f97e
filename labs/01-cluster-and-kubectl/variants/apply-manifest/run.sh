# A manifest repairs the Service; a context of one's own; the pod proxy instead of a port-forward; to 0 and back instead of delete.
set -euo pipefail
mkdir -p answers
read -r cluster user <<< "$(kubectl config view --minify -o jsonpath='{.contexts[0].context.cluster} {.contexts[0].context.user}')"
kubectl config set-context mine --cluster="$cluster" --user="$user" --namespace="$NAMESPACE"
kubectl config use-context mine
kubectl get nodes -o jsonpath='{.items[*].status.conditions[?(@.type=="Ready")].status}' | grep -o True | wc -l > answers/nodes.txt
kubectl rollout status deployment/ml-demo --timeout=60s
sleep 2
kubectl scale deployment ml-demo --replicas=0
kubectl wait --for=delete pod --selector app=ml-demo --timeout=60s
kubectl scale deployment ml-demo --replicas=2
kubectl rollout status deployment/ml-demo --timeout=60s
pod=$(kubectl get pods -l app=ml-demo -o jsonpath='{.items[0].metadata.name}')
kubectl exec "$pod" -- cat /tmp/inside-code > answers/inside.txt
kubectl get --raw "/api/v1/namespaces/$NAMESPACE/pods/$pod:9000/proxy/code" > answers/port.txt
