set -euo pipefail
# No weights anywhere: one Service selects all pods, and their number is the share. Nine old pods and one new one.
settings() { # [RELEASE]
  [ -z "$1" ] || echo "envFrom: [{ configMapRef: { name: release-$1 } }]"
}
version() { # NAME REPLICAS VERSION [RELEASE]
  sed -e "s/name: ml-inference #.*/name: ml-inference-$1/" -e "s/track: stable.*/track: $1/" -e "s/replicas: 3.*/replicas: $2/" \
    -e "s/ml-inference:1\.0.*/ml-inference:$3/" -e "s/# (d).*/$(settings "${4:-}")/" canary.yaml |
    kubectl apply -f -
  kubectl rollout status "deployment/ml-inference-$1" --timeout=90s
}
# The promoted version as a Deployment of its own, the old one at zero.
version two 9 2.0
kubectl scale deployment/ml-inference --replicas=0
# The faulty release, one pod of ten: until two of its failures are counted.
version canary 1 2.0 2.1
of='http_requests_total{namespace="'$NAMESPACE'",version="2.1",method="POST"'
kubectl exec client -- sh -c 'for _ in $(seq 120); do promql "$1" | grep -q "[0-9]" && exit; sleep 0.5; done' ask \
  "sum($of,status=~\"5..\"}) >= 2"
# Out again: as many pods as it takes, which is none.
kubectl scale deployment/ml-inference-canary --replicas=0
kubectl wait --for=delete pod -l track=canary --timeout=60s
version canary 1 2.0 2.2
kubectl exec client -- curl --silent --output /dev/null --write-out '%header{x-version}\n' --header "Host: ml-inference.$NAMESPACE.test" \
  "http://gateway.workbook-gateway/predict?[1-200]" | grep -c '^2\.2$' >answers/own-count.txt
# What it was, read afterwards: the counters of a pod that is gone are remembered.
kubectl exec client -- promql "100 * sum(last_over_time($of,status=~\"5..\"}[5m])) / sum(last_over_time($of}[5m]))" | tr -d '\t' >answers/error-rate.txt
