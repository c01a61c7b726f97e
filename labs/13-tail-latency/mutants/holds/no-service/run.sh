#!/usr/bin/env bash
# Deleted together with an old file.
set -euo pipefail
kubectl delete service ml-inference-service
