#!/usr/bin/env bash
# No manifest: set the request, let kubectl autoscale make the object, and patch in what it has no flag for.
set -euo pipefail
kubectl set resources deployment/ml-inference --requests=cpu=60m
# Nobody will apply this Deployment again, so what apply remembers of it, replicas included, may go.
kubectl annotate deployment ml-inference kubectl.kubernetes.io/last-applied-configuration-
kubectl autoscale deployment ml-inference --cpu=50% --min=2 --max=8
kubectl patch hpa ml-inference --type=merge --patch '{"spec": {"behavior": {"scaleDown": {"stabilizationWindowSeconds": 60}}}}'
kubectl autoscale deployment api-gateway --cpu=60% --min=2 --max=6
kubectl rollout status deployment/ml-inference --timeout=200s
