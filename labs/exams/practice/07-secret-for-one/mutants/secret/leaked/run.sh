set -euo pipefail
kubectl -n "$NAMESPACE" create secret generic {{secret}} --from-literal={{key}}={{value}}
kubectl -n "$NAMESPACE" create secret generic for-env --from-literal=API_KEY={{value}}
kubectl -n "$NAMESPACE" set env deployment {{name}} --from=secret/for-env
kubectl -n "$NAMESPACE" rollout status deployment {{name}} --timeout=90s
