#!/usr/bin/env bash
# Half of them are fast: true in the rush as well.
set -euo pipefail
cat > slo.yaml <<'YAML'
service: ml-inference-service
indicator: p50
below: 200ms
window: 28d
YAML
