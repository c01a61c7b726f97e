set -euo pipefail
kubectl -n "$NAMESPACE" rollout status deployment {{green}} --timeout=90s
kubectl -n "$NAMESPACE" set selector service {{name}} app={{name}}
