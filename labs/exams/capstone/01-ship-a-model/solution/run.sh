set -eu
kubectl rollout status deployment/{{model}} --timeout=90s
kubectl rollout status deployment/{{model}}-canary --timeout=90s
kubectl rollout status deployment/gateway --timeout=60s
kubectl wait --for=condition=Ready pod/{{client}} --timeout=60s
if [ -e baseline.sh ]; then . ./baseline.sh; fi
