set -euo pipefail
kubectl -n "$NAMESPACE" delete service {{name}}
kubectl -n "$NAMESPACE" expose deployment {{name}} --port={{servicePort}} --target-port={{port}}
