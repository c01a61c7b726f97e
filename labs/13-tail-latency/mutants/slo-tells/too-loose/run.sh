#!/usr/bin/env bash
# So that it is never broken.
set -euo pipefail
cat > slo.yaml <<'YAML'
service: ml-inference-service
indicator: p99
below: 3s
window: 28d
YAML
