#!/usr/bin/env bash
# Places alone; the promise in words, on another percentile.
set -euo pipefail
echo 'p99 = 300 ms' > answers/p99.txt
cat > slo.yaml <<'YAML'
description: Nineteen of twenty answers within 600 ms, over four weeks
indicator: p95
below: 0.6s
window: 4w
YAML
