#!/usr/bin/env bash
# Nobody needs it at night.
set -euo pipefail
kubectl scale deployment/ml-inference --replicas=0
kubectl wait --for=delete pod -l app=ml-inference --timeout=60s
