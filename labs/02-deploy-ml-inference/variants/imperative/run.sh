#!/usr/bin/env bash
# No manifest at all: create, patch what create has no flag for, expose.
set -euo pipefail

kubectl create deployment ml-inference --image=workbook.local/ml-inference:1.0 --replicas=2 --port=5000

# The pods get their second label and their arguments from the template, so the template is what is patched.
kubectl patch deployment ml-inference --patch "$(
  cat <<'JSON'
{"spec": {"template": {
  "metadata": {"labels": {"tier": "backend"}},
  "spec": {"containers": [{
    "name": "ml-inference",
    "args": [
      "-listen=:5000",
      "-text={\"predictions\": [2.5, 3.0, 4.5], \"model\": \"half_plus_two\", \"version\": \"1.0\"}"
    ],
    "readinessProbe": {"tcpSocket": {"port": 5000}, "periodSeconds": 5}
  }]}
}}}
JSON
)"

kubectl expose deployment ml-inference --name=ml-inference-service --port=5000
