#!/usr/bin/env bash
# One line too far to the right.
set -euo pipefail
cat > slo.yaml <<'YAML'
service: ml-inference-service
indicator: p99
  below: 750ms
window: 28d
YAML
