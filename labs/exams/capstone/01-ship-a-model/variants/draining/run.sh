set -eu
kubectl rollout status deployment/{{model}} --timeout=90s
kubectl rollout status deployment/{{model}}-canary --timeout=90s
kubectl rollout status deployment/gateway --timeout=60s
kubectl wait --for=condition=Ready pod/{{client}} --timeout=60s
# Told in seconds, and measured where curl writes it: three at a time.
mkdir -p answers
kubectl exec {{client}} -- sh -c 'seq 540 | xargs -P 3 -I{} curl -s -o /dev/null -w "%{time_total}\n" http://{{gateway}}:{{gatewayPort}}/predict | sort -n | sed -n 513p' >answers/p95.txt
echo "$(cat answers/p95.txt) s" >answers/p95.txt
