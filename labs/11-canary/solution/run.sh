# Each step is a file of its own, so that a mutant can exchange just one.
set -euo pipefail
host="ml-inference.$NAMESPACE.test"
# A version beside the stable one, ready: the image 2.0, from 2.1 on with a release's settings.
canary() {
  sed -e 's/name: ml-inference #.*/name: ml-inference-canary/' -e 's/track: stable.*/track: canary/' \
    -e 's/replicas: 3.*/replicas: 1/' -e 's/ml-inference:1\.0.*/ml-inference:2.0/' canary.yaml >"canary-$1.yaml"
  [ "$1" = 2.0 ] || sed -i "s/^ *# (d).*/          envFrom: [{ configMapRef: { name: release-$1 } }]/" "canary-$1.yaml"
  kubectl apply -f "canary-$1.yaml"
  kubectl rollout status deployment/ml-inference-canary --timeout=60s
}
# A Service for each of the two.
services() {
  kubectl expose deployment ml-inference --name=ml-inference-stable --port=5000
  kubectl expose deployment ml-inference-canary --port=5000
}
# The route's weights: of the stable version, of the canary.
weights() {
  kubectl patch httproute ml-inference --type=merge --patch "{\"spec\":{\"rules\":[{\"backendRefs\":[
    {\"name\":\"ml-inference-stable\",\"port\":5000,\"weight\":$1},
    {\"name\":\"ml-inference-canary\",\"port\":5000,\"weight\":$2}]}]}}"
}
# COUNT requests as users send them; prints the version of each answer.
users() {
  kubectl wait --for=condition=Ready pod/client --timeout=60s >/dev/null
  kubectl exec client -- curl --silent --parallel --parallel-max 8 --output /dev/null --write-out '%header{x-version}\n' \
    --header "Host: $host" --json '{"instances":[1,2,5]}' "http://gateway.workbook-gateway/predict?[1-$1]" 2>/dev/null
}
# What Prometheus answers to a query: the first value, or nothing.
prometheus() {
  kubectl exec client -- promql "$1" | sed -n 's/^.*\t\([0-9.]*\)$/\1/p' | head -n 1
}
# Until Prometheus has counted users' requests of release 2.1, with these further labels: asked from within, where asking costs least.
counted() {
  kubectl exec client -- sh -c 'for _ in $(seq 60); do promql "$1" | grep -q "[0-9]" && exit; sleep 0.5; done' ask \
    "sum(http_requests_total{namespace=\"$NAMESPACE\",version=\"2.1\",method=\"POST\"$1})"
}
for step in [0-9]*.sh; do
  . "./$step"
done
