set -euo pipefail
kubectl -n "$NAMESPACE" set resources deployment {{name}} --limits=cpu={{cpu}},memory={{memory}}
kubectl -n "$NAMESPACE" rollout status deployment {{name}} --timeout=90s
