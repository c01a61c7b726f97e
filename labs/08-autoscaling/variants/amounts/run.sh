#!/usr/bin/env bash
# Server-side apply, which takes over the Deployment's fields; and what client-side apply remembered is dropped.
set -euo pipefail
kubectl apply --server-side --force-conflicts -f - <<'YAML'
apiVersion: apps/v1
kind: Deployment
metadata:
  name: ml-inference
  labels:
    app: ml-inference
    tier: backend
spec:
  selector:
    matchLabels:
      app: ml-inference
  template:
    metadata:
      labels:
        app: ml-inference
        tier: backend
    spec:
      containers:
        - name: ml-model
          image: workbook.local/ml-inference:1.0
          args:
            - -listen=:5000
          ports:
            - name: http
              containerPort: 5000
          env:
            - name: CPU_MS # one prediction computes for so long
              value: "20"
            - name: CONCURRENCY # and a pod works on so many at once
              value: "2"
          resources:
            requests:
              cpu: 40m
              memory: 64Mi
          readinessProbe:
            httpGet:
              path: /ready
              port: 5000
            periodSeconds: 2
          lifecycle:
            preStop: # lab 06: go on serving until every node has heard
              sleep:
                seconds: 3
YAML
kubectl annotate deployment ml-inference kubectl.kubernetes.io/last-applied-configuration-
kubectl rollout status deployment/ml-inference --timeout=200s
