#!/usr/bin/env bash
# A parenthesis is missing.
set -euo pipefail
cat > slo.yaml <<'YAML'
service: ml-inference-service
indicator: histogram_quantile(0.99, sum by (le) (rate(http_request_duration_seconds_bucket[5m]))
below: 750ms
window: 28d
YAML
