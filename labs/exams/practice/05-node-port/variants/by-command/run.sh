set -euo pipefail
kubectl -n "$NAMESPACE" expose deployment {{name}} --name={{service}} --type=NodePort --port={{servicePort}} --target-port={{port}}
