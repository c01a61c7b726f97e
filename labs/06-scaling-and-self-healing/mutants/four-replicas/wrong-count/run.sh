#!/usr/bin/env bash
# Scales the ReplicaSet that the Deployment owns, which puts it back.
set -euo pipefail
kubectl scale deployment/ml-inference --replicas=2
kubectl scale "$(kubectl get replicasets -l app=ml-inference -o name | tail -n 1)" --replicas=4
