#!/usr/bin/env bash
# The mean as a query, with a bound between calm and rush: the bigger model breaks it as well.
set -euo pipefail
cat > slo.yaml <<'YAML'
service: ml-inference-service
indicator: |
  sum(rate(http_request_duration_seconds_sum{route="/predict"}[5m]))
  / sum(rate(http_request_duration_seconds_count{route="/predict"}[5m]))
below: 120ms
window: 28d
YAML
