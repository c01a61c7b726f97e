set -euo pipefail
# Without it the present container comes back by itself, but only after its back-off.
kubectl -n "$NAMESPACE" rollout restart deployment {{name}}
kubectl -n "$NAMESPACE" rollout status deployment {{name}} --timeout=90s
