set -euo pipefail
kubectl -n "$NAMESPACE" set image deployment {{name}} server={{goodImage}}
kubectl -n "$NAMESPACE" rollout status deployment {{name}} --timeout=90s
