#!/usr/bin/env bash
set -euo pipefail
kubectl delete deployment ml-inference --wait=false
