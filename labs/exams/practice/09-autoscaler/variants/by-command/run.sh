set -euo pipefail
kubectl -n "$NAMESPACE" set resources deployment {{name}} --requests=cpu={{request}}
kubectl -n "$NAMESPACE" autoscale deployment {{name}} --min={{least}} --max={{most}} --cpu-percent={{percent}}
