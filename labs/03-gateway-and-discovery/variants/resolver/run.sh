# nginx asks the DNS anew every 10 s instead of once at its start; a resolver knows no search list, so the name is the full one.
set -euo pipefail
sed "s/NAMESPACE/$NAMESPACE/" nginx.conf.in > gateway.conf
kubectl -n "$NAMESPACE" create configmap gateway-config --from-file=gateway.conf
kubectl -n "$NAMESPACE" apply -f everything.txt
kubectl -n "$NAMESPACE" rollout status deployment/ml-inference --timeout=120s
kubectl -n "$NAMESPACE" rollout status deployment/api-gateway --timeout=120s
mkdir -p answers
kubectl -n "$NAMESPACE" get service ml-inference-service -o jsonpath='{.spec.clusterIP}' > answers/address.txt
