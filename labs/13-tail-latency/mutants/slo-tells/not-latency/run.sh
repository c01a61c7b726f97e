#!/usr/bin/env bash
# How long the queue was: a cause, and not what users see.
set -euo pipefail
cat > slo.yaml <<'YAML'
service: ml-inference-service
indicator: max(max_over_time(inference_queue_depth[5m]))
below: 10
window: 28d
YAML
