set -euo pipefail
for one in $(seq 2 {{replicas}}); do
  kubectl -n "$NAMESPACE" run "{{name}}-$one" --image={{image}} --labels=app={{name}} -- -listen=:{{port}}
done
kubectl -n "$NAMESPACE" wait pods -l app={{name}} --for=condition=Ready --timeout=90s
