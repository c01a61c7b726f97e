set -euo pipefail
kubectl -n "$NAMESPACE" create configmap {{config}} --from-file=nginx.conf
