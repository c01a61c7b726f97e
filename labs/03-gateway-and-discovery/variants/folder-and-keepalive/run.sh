# The Service by command: expose cannot set the nodePort, patch can. The address as nslookup shows it, words and all.
set -euo pipefail
kubectl -n "$NAMESPACE" expose deployment api-gateway --name=api-gateway-service --type=NodePort --port=80
kubectl -n "$NAMESPACE" patch service api-gateway-service --type=json -p '[{"op": "replace", "path": "/spec/ports/0/nodePort", "value": 30080}]'
kubectl -n "$NAMESPACE" rollout status deployment/ml-inference --timeout=120s
kubectl -n "$NAMESPACE" rollout status deployment/api-gateway --timeout=120s
mkdir -p answers
kubectl -n "$NAMESPACE" wait pod/client --for=condition=Ready --timeout=120s
kubectl -n "$NAMESPACE" exec client -- nslookup ml-inference-service | grep Address | tail -n 1 > answers/address.txt
