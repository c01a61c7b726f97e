set -euo pipefail
kubectl -n "$NAMESPACE" create secret generic {{secret}} --from-literal={{key}}={{value}}
kubectl -n "$NAMESPACE" rollout status deployment {{name}} --timeout=90s
