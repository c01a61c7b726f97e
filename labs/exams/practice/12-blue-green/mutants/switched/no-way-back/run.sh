set -euo pipefail
kubectl -n "$NAMESPACE" rollout status deployment {{green}} --timeout=90s
kubectl -n "$NAMESPACE" patch service {{name}} -p '{"spec":{"selector":{"color":"green"}}}'
kubectl -n "$NAMESPACE" scale deployment {{blue}} --replicas=0
