set -euo pipefail
kubectl -n "$NAMESPACE" create quota {{quota}} --hard=count/pods={{pods}},cpu={{cpu}}
