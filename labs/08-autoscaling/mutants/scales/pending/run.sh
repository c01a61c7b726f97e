#!/usr/bin/env bash
# A quota that today's pods fit into, and no more.
set -euo pipefail
kubectl rollout status deployment/ml-inference --timeout=200s
kubectl create quota pods-of-today --hard=pods=5
