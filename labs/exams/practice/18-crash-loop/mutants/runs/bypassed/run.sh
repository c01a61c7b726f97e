set -euo pipefail
kubectl -n "$NAMESPACE" set env deployment {{name}} LOG_LEVEL={{level}}
kubectl -n "$NAMESPACE" rollout status deployment {{name}} --timeout=90s
