set -euo pipefail
kubectl -n "$NAMESPACE" patch deployment {{name}} -p '{"spec":{"strategy":{"rollingUpdate":{"maxSurge":"50%","maxUnavailable":"0%"}}}}'
kubectl -n "$NAMESPACE" set image deployment/{{name}} server={{image}}
kubectl -n "$NAMESPACE" annotate deployment {{name}} --overwrite kubernetes.io/change-cause="{{cause}}"
