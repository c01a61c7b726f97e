#!/usr/bin/env bash
# Pods alone, by hand; the quantile as a query, its range written out; p99 with its unit.
set -euo pipefail
kubectl scale deployment/ml-inference --replicas=12
echo '0.33 s' > answers/p99.txt
cat > slo.yaml <<YAML
service: ml-inference-service
indicator: |
  histogram_quantile(0.99,
    sum by (le) (rate(http_request_duration_seconds_bucket{namespace="$NAMESPACE", route="/predict"}[5m])))
below: 750ms
objective: 99%
window: 30d
YAML
