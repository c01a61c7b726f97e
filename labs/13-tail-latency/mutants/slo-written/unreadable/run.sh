#!/usr/bin/env bash
# A bound without a unit, and a field nobody knows.
set -euo pipefail
cat > slo.yaml <<'YAML'
service: ml-inference-service
indicator: p99
threshold: 750
window: 28d
YAML
