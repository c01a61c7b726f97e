#!/usr/bin/env bash
# A path that nobody asks: nothing divided by nothing.
set -euo pipefail
cat > slo.yaml <<'YAML'
service: ml-inference-service
indicator: |
  sum(rate(http_request_duration_seconds_sum{route="/predict"}[5m]) * 0)
  / sum(rate(http_request_duration_seconds_count{route="/predict"}[5m]) * 0)
below: 750ms
window: 28d
YAML
