#!/usr/bin/env bash
# Thrown away to begin anew, and forgotten.
set -euo pipefail
kubectl delete deployment ml-inference --wait=false
