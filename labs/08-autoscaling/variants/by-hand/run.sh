#!/usr/bin/env bash
# No manifest: set the request, let kubectl autoscale make the object, and patch in what it has no flag for.
set -euo pipefail
kubectl set resources deployment/ml-inference --requests=cpu=60m
# What the last apply is remembered to have said, without its replicas: then no later apply brings them back.
kubectl get deployment ml-inference -o json |
  jq '.metadata.annotations["kubectl.kubernetes.io/last-applied-configuration"] | fromjson | del(.spec.replicas) | tojson' |
  jq '{metadata: {annotations: {"kubectl.kubernetes.io/last-applied-configuration": .}}}' >patch.json
kubectl patch deployment ml-inference --type=merge --patch-file=patch.json
kubectl autoscale deployment ml-inference --cpu=50% --min=2 --max=8
kubectl patch hpa ml-inference --type=merge --patch '{"spec": {"behavior": {"scaleDown": {"stabilizationWindowSeconds": 60}}}}'
kubectl autoscale deployment api-gateway --cpu=60% --min=2 --max=6
kubectl rollout status deployment/ml-inference --timeout=120s
