set -euo pipefail
kubectl -n "$NAMESPACE" create configmap {{config}} --from-file=nginx.conf
kubectl -n "$NAMESPACE" rollout status deployment {{name}} --timeout=90s
