#!/usr/bin/env bash
# Every single request, always.
set -euo pipefail
cat > slo.yaml <<'YAML'
service: ml-inference-service
good: sum(rate(http_request_duration_seconds_bucket{route="/predict", le="0.75"}[$window]))
total: sum(rate(http_request_duration_seconds_count{route="/predict"}[$window]))
objective: 100%
window: 28d
YAML
