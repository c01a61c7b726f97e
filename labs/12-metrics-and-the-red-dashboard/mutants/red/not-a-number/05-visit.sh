#!/usr/bin/env bash
# Once by hand: so there is a series, in which nothing happens.
set -euo pipefail
kubectl wait --for=condition=Ready pod/client --timeout=60s
kubectl rollout status deployment/ml-inference --timeout=60s
kubectl exec client -- curl -s -o /dev/null --retry 10 --retry-delay 1 --retry-connrefused http://ml-inference-service:5000/
