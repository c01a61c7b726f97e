#!/usr/bin/env bash
# Patched, not applied. Liveness asks only for an open port, which a loading process has too: no startup probe is needed then.
set -euo pipefail
kubectl patch deployment ml-inference --patch "$(
  cat <<'YAML'
spec:
  template:
    spec:
      containers:
        - name: ml-model
          livenessProbe:
            tcpSocket: { port: 5000 }
            periodSeconds: 2
            terminationGracePeriodSeconds: 5
          readinessProbe:
            httpGet: { path: /ready, port: 5000 }
            periodSeconds: 2
            failureThreshold: 2
YAML
)"
