#!/usr/bin/env bash
# Deletes the Deployment instead of a pod.
set -euo pipefail
kubectl delete deployment ml-inference --wait=false
