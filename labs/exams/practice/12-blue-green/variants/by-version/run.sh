# The selector need not be a color.
set -euo pipefail
kubectl -n "$NAMESPACE" create deployment {{green}} --image={{greenImage}} --replicas={{replicas}} -- node /app/main.js -listen=:{{port}}
kubectl -n "$NAMESPACE" patch deployment {{green}} -p '{"spec":{"template":{"spec":{
  "containers":[{"name":"ml-inference","readinessProbe":{"tcpSocket":{"port":{{port}}},"periodSeconds":1}}]}}}}'
kubectl -n "$NAMESPACE" rollout status deployment {{green}} --timeout=90s
kubectl -n "$NAMESPACE" set selector service {{name}} app={{green}}
