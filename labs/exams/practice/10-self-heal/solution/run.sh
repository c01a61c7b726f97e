set -euo pipefail
kubectl -n "$NAMESPACE" delete pod {{name}}
kubectl -n "$NAMESPACE" rollout status deployment {{name}} --timeout=90s
