#!/usr/bin/env bash
# No file: scale, then patch an exec hook in. Two more replicas first, so that the rollout exchanges four.
set -euo pipefail
kubectl scale deployment/ml-inference --replicas=4
kubectl patch deployment ml-inference --type=strategic --patch "$(
  cat <<'JSON'
{"spec": {"template": {"spec": {
  "terminationGracePeriodSeconds": 45,
  "containers": [{"name": "ml-model", "lifecycle": {"preStop": {"exec": {"command": ["sh", "-c", "sleep 6"]}}}}]
}}}}
JSON
)"
kubectl rollout status deployment/ml-inference --timeout=200s
