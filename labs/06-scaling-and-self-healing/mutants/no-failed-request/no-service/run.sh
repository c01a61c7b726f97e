#!/usr/bin/env bash
set -euo pipefail
kubectl delete service ml-inference-service
