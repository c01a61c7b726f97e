set -euo pipefail
kubectl -n "$NAMESPACE" patch configmap {{config}} -p '{"data":{"LOG_LEVEL":"{{level}}"}}'
kubectl -n "$NAMESPACE" delete pods -l app={{name}}
kubectl -n "$NAMESPACE" rollout status deployment {{name}} --timeout=90s
