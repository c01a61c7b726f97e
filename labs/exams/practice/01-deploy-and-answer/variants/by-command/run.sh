set -euo pipefail
kubectl -n "$NAMESPACE" create deployment {{name}} --image={{image}} --replicas={{replicas}} -- \
  node /app/main.js -listen=:{{port}}
kubectl -n "$NAMESPACE" patch deployment {{name}} -p '{"spec":{"template":{"metadata":{"labels":{"team":"{{team}}"}},"spec":{
  "containers":[{"name":"ml-inference","readinessProbe":{"tcpSocket":{"port":{{port}}},"periodSeconds":1}}]}}}}'
kubectl -n "$NAMESPACE" expose deployment {{name}} --port={{servicePort}} --target-port={{port}}
kubectl -n "$NAMESPACE" rollout status deployment {{name}} --timeout=90s
