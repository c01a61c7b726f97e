set -euo pipefail
# Everything as manifests, Services by version, and Deployments that are replaced instead of changed: v1, v2, then the canaries.
settings() { # [RELEASE]
  [ -z "$1" ] || echo "envFrom: [{ configMapRef: { name: release-$1 } }]"
}
app() { # NAME REPLICAS [RELEASE]: a Deployment with a Service of the same name
  sed -e "s/name: ml-inference #.*/name: ml-$1/" -e "s/track: stable.*/track: $1/" -e "s/replicas: 3.*/replicas: $2/" \
    -e 's/ml-inference:1\.0.*/ml-inference:2.0/' -e "s/# (d).*/$(settings "${3:-}")/" canary.yaml
  printf -- '---\napiVersion: v1\nkind: Service\nmetadata: { name: ml-%s }\nspec: { selector: { track: %s }, ports: [{ port: 80, targetPort: http }] }\n' "$1" "$1"
}
route() { # NAME WEIGHT NAME WEIGHT
  sed '/- backendRefs/,$d' route.yaml
  printf '    - backendRefs:\n        - { name: ml-%s, port: 80, weight: %s }\n        - { name: ml-%s, port: 80, weight: %s }\n' "$@"
}
app v2 3 | kubectl apply -f -
app bad 1 2.1 | kubectl apply -f -
kubectl rollout status deployment/ml-v2 --timeout=60s
kubectl rollout status deployment/ml-bad --timeout=60s
route v2 9 bad 1 | kubectl apply -f -
kubectl delete deployment ml-inference --wait=false
of='http_requests_total{namespace="'$NAMESPACE'",version="2.1",method="POST"'
kubectl exec client -- sh -c 'for _ in $(seq 120); do promql "$1" | grep -q "[0-9]" && exit; sleep 0.5; done' ask \
  "sum($of,status=~\"5..\"}) >= 2"
# The route first, then what is behind it.
app mended 1 2.2 | kubectl apply -f -
kubectl rollout status deployment/ml-mended --timeout=60s
route v2 9 mended 1 | kubectl apply -f -
kubectl delete deployment ml-bad --wait=false
for _ in $(seq 20); do
  kubectl exec client -- curl --silent --output /dev/null --write-out '%header{x-version}\n' --header "Host: ml-inference.$NAMESPACE.test" \
    "http://gateway.workbook-gateway/predict?[1-200]" | grep -c '^2\.2$' >answers/own-count.txt && break
done
# What it was, read afterwards: the counters of a pod that is gone are remembered.
kubectl exec client -- promql "100 * sum(last_over_time($of,status=~\"5..\"}[5m])) / sum(last_over_time($of}[5m]))" | tr -d '\t' >answers/error-rate.txt
