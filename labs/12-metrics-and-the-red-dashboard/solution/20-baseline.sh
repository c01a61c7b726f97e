#!/usr/bin/env bash
# Reads p95 off once there is enough to read it from, and writes it into the project log.
set -euo pipefail
own="namespace=\"$NAMESPACE\", route=\"/predict\""
figure() { bash ask.sh "$1" | awk '{ print $1 + 0; exit }'; }
until [ "$(figure "sum(increase(http_request_duration_seconds_count{$own}[10m])) > bool 330")" = 1 ]; do sleep 3; done
mkdir -p answers
figure "1000 * histogram_quantile(0.95, sum by (le) (rate(http_request_duration_seconds_bucket{$own}[10m])))" >answers/baseline-p95.txt
