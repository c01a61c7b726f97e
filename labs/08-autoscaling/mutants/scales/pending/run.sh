#!/usr/bin/env bash
# A quota that the pods there are at rest fit into, and no more.
set -euo pipefail
kubectl rollout status deployment/ml-inference --timeout=200s
kubectl create quota pods-of-today --hard=pods=2
