#!/usr/bin/env bash
# Grades submissions one after the other, as a careful instructor's script does it: a namespace each, apply, wait, assert with kubectl, remove.
# Usage: grade-in-bash.sh FOLDER PREFIX CHECKS [DEPLOYMENT] (a folder of manifests per student; the script of assertions; what has to be rolled out
# before them; kubectl and KUBECONFIG from the environment). Prints a line each.
set -u
here=$(dirname "$0")
for student in "$1"/*/; do
  name=$(basename "$student")
  namespace=$2-$name
  kubectl create namespace "$namespace" >/dev/null
  # The account comes a moment after the namespace; a bare pod is refused until then.
  until kubectl get serviceaccount default -n "$namespace" >/dev/null 2>&1; do sleep 0.1; done
  kubectl apply -n "$namespace" -f "$student" >/dev/null
  if [ -n "${4:-}" ]; then kubectl rollout status "deployment/$4" -n "$namespace" --timeout=60s >/dev/null 2>&1; fi
  echo "$name $("$here/$3" "$namespace" | tail -1)"
  kubectl delete namespace "$namespace" --wait=false >/dev/null
done
