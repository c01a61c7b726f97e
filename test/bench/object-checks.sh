#!/usr/bin/env bash
# What the checks of labs/91-objects assert, written the way it usually is: twelve assertions, one kubectl call each.
# Usage: object-checks.sh NAMESPACE (kubectl and KUBECONFIG from the environment). Exit code 0: all hold.
set -u
namespace=$1
held=0

expect() { # object, JSON path, expected
  local actual
  actual=$(kubectl get -n "$namespace" "$1" -o jsonpath="$2" 2>&1)
  if [ "$actual" = "$3" ]; then held=$((held + 1)); else printf 'not so: %s of %s is "%s", expected "%s"\n' "$2" "$1" "$actual" "$3"; fi
}

expect configmap/ml-config '{.data.BATCH_SIZE}' 32
expect configmap/ml-config '{.data.MODEL_NAME}' half_plus_two
expect serviceaccount/ml-inference '{.automountServiceAccountToken}' false
expect role/settings-reader '{.rules[*].resources[*]}' configmaps
expect role/settings-reader '{.rules[*].verbs[*]}' get
expect rolebinding/ml-inference-reads-settings '{.subjects[*].name}' ml-inference
expect service/ml-inference-service '{.spec.type}' ClusterIP
expect service/ml-inference-service '{.spec.ports[0].port}' 5000
expect service/ml-inference-service '{.spec.selector.app}' ml-inference
expect hpa/ml-inference-hpa '{.spec.minReplicas}' 2
expect hpa/ml-inference-hpa '{.spec.maxReplicas}' 8
expect poddisruptionbudget/ml-inference '{.spec.minAvailable}' 1

echo "$held of 12 hold"
[ "$held" = 12 ]
