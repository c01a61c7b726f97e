#!/usr/bin/env bash
# By hand, and one was enough to see something.
set -euo pipefail
kubectl annotate "$(kubectl get pods -l app=ml-inference -o name | head -n 1)" prometheus.io/scrape=true
