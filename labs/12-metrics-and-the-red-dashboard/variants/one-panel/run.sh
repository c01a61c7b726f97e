#!/usr/bin/env bash
# One panel for all of it, and the Service annotated by command.
set -euo pipefail
kubectl annotate service ml-inference-service prometheus.io/scrape=true prometheus.io/port=5000
sed "s/NAMESPACE/$NAMESPACE/g" dashboard.in.json >dashboard.json
own="namespace=\"$NAMESPACE\", route=\"/predict\""
figure() { bash ask.sh "$1" | awk '{ print $1 + 0; exit }'; }
until [ "$(figure "sum(increase(http_request_duration_seconds_count{$own}[10m])) > bool 330")" = 1 ]; do sleep 3; done
mkdir -p answers
echo "$(figure "1000 * histogram_quantile(0.95, sum by (le) (rate(http_request_duration_seconds_bucket{$own}[1m])))") ms" >answers/baseline-p95.txt
