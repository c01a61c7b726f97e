#!/usr/bin/env bash
# Asks the cluster's Prometheus, and writes each series with its value.
#   bash ask.sh 'sum(rate(http_requests_total{route="/predict"}[1m]))'
# Without a namespace of your own in the query, you see everybody's: the script puts yours in for NAMESPACE.
set -euo pipefail
query=${1:?"a query in PromQL, in single quotes"}
namespace=$(kubectl config view --minify -o 'jsonpath={..namespace}')
kubectl exec -i client -- curl -s --get "${PROMETHEUS:-http://prometheus.workbook-prometheus:9090}/api/v1/query" \
  --data-urlencode "query=${query//NAMESPACE/$namespace}" |
  kubectl exec -i client -- jq -r '
    if .status != "success" then "Prometheus says: " + .error
    elif (.data.result | length) == 0 then "no series"
    elif .data.resultType != "vector" then .data.result[1]
    else .data.result[] | .value[1] + "  " + (.metric | del(.__name__) | to_entries | map(.key + "=" + .value) | join(" ")) end'
