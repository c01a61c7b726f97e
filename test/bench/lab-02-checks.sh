#!/usr/bin/env bash
# What the structural checks of lab 02 assert, written the way it usually is: twelve assertions, one kubectl call each.
# Usage: lab-02-checks.sh NAMESPACE (kubectl and KUBECONFIG from the environment). Exit code 0: all hold.
set -u
namespace=$1
held=0

expect() { # what, expected, actual
  if [ "$2" = "$3" ]; then held=$((held + 1)); else printf 'not so: %s is "%s", expected "%s"\n' "$1" "$3" "$2"; fi
}
get() { kubectl get -n "$namespace" "$@" 2>&1; }

deployment=deployment/ml-inference
service=service/ml-inference-service
slices='endpointslices -l kubernetes.io/service-name=ml-inference-service'
first_container='{.spec.template.spec.containers[0]'

expect "replicas wanted" 2 "$(get $deployment -o jsonpath='{.spec.replicas}')"
expect "replicas ready" 2 "$(get $deployment -o jsonpath='{.status.readyReplicas}')"
expect "image" workbook.local/ml-inference:1.0 "$(get $deployment -o jsonpath="$first_container.image}")"
expect "readiness probe" true "$([ -n "$(get $deployment -o jsonpath="$first_container.readinessProbe}")" ] && echo true)"
expect "label app of the pods" "ml-inference ml-inference" "$(get pods -l app=ml-inference -o jsonpath='{.items[*].metadata.labels.app}')"
expect "label tier of the pods" "backend backend" "$(get pods -l app=ml-inference -o jsonpath='{.items[*].metadata.labels.tier}')"
expect "type of the Service" ClusterIP "$(get $service -o jsonpath='{.spec.type}')"
expect "headless" false "$([ "$(get $service -o jsonpath='{.spec.clusterIP}')" = None ] && echo true || echo false)"
expect "port of the Service" 5000 "$(get $service -o jsonpath='{.spec.ports[0].port}')"
expect "selector of the Service" ml-inference "$(get $service -o jsonpath='{.spec.selector.app}')"
expect "ready endpoints" "true true" "$(get $slices -o jsonpath='{.items[*].endpoints[*].conditions.ready}')"
expect "port of the endpoints" 5000 "$(get $slices -o jsonpath='{.items[0].ports[0].port}')"

echo "$held of 12 hold"
[ "$held" = 12 ]
