#!/usr/bin/env bash
# What a good day's median looks like, promised of nearly all.
set -euo pipefail
cat > slo.yaml <<'YAML'
service: ml-inference-service
good: sum(rate(http_request_duration_seconds_bucket{route="/predict", le="0.1"}[$window]))
total: sum(rate(http_request_duration_seconds_count{route="/predict"}[$window]))
objective: 99%
window: 28d
YAML
