#!/usr/bin/env bash
# Asks Prometheus a query in PromQL, and prints one line for each series: its value, then its name and labels.
#   bash ask.sh 'sum(rate(http_requests_total[1m]))'
set -euo pipefail
query=${1:?usage: bash ask.sh QUERY}

kubectl exec -i client -- bash -s "$query" <<'IN_THE_POD'
curl -s --max-time 20 http://prometheus.workbook-prometheus:9090/api/v1/query --data-urlencode "query=$1" | jq -r '
  def labels: "\(.__name__ // "") " + (to_entries | map(select(.key != "__name__") | "\(.key)=\(.value)") | join(" "));
  if .status != "success" then "\(.errorType): \(.error)"
  elif .data.resultType == "scalar" then .data.result[1]
  elif (.data.result | length) == 0 then "no series"
  elif .data.resultType == "matrix" then .data.result[] | (.metric | labels), (.values[] | "  \(.[0] | floor)  \(.[1])")
  else .data.result[] | "\(.value[1])  \(.metric | labels)" end,
  (.warnings // [] | .[] | "warning: \(.)"), (.infos // [] | .[] | "note: \(.)")'
IN_THE_POD
