#!/usr/bin/env bash
# A quota that the pods of today fit into, and no successor.
set -euo pipefail
kubectl rollout status deployment/ml-inference --timeout=200s
until [ "$(kubectl get pods -l app=ml-inference -o name | wc -l)" = 4 ]; do sleep 0.5; done
kubectl create quota tight --hard=pods=3
