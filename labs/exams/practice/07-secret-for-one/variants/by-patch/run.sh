set -euo pipefail
kubectl -n "$NAMESPACE" create secret generic {{secret}} --from-literal={{key}}={{value}}
kubectl -n "$NAMESPACE" patch deployment {{name}} -p '{"spec":{"template":{"spec":{"containers":[{"name":"server","env":[
  {"name":"API_KEY","valueFrom":{"secretKeyRef":{"name":"{{secret}}","key":"{{key}}"}}}]}]}}}}'
kubectl -n "$NAMESPACE" rollout status deployment {{name}} --timeout=90s
