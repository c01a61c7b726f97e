#!/usr/bin/env bash
# A base without decisions in it, and a kustomization that adds them: labels, tag, replicas.
set -euo pipefail

mkdir -p app
cat >app/deployment.yaml <<'YAML'
apiVersion: apps/v1
kind: Deployment
metadata:
  name: ml-inference
spec:
  template:
    spec:
      containers:
        - name: server
          image: workbook.local/ml-inference
          args:
            - "-listen"
            - ":5000"
            - "-text"
            - |
              {
                "version": "1.0",
                "model": "half_plus_two",
                "predictions": [2.5, 3, 4.5]
              }
          readinessProbe:
            httpGet:
              path: /ready
              port: 5000
            periodSeconds: 5
YAML
cat >app/service.yaml <<'YAML'
apiVersion: v1
kind: Service
metadata:
  name: ml-inference-service
spec:
  ports:
    - port: 5000
YAML
cat >app/kustomization.yaml <<'YAML'
resources:
  - deployment.yaml
  - service.yaml
labels:
  - pairs:
      app: ml-inference
      tier: backend
    includeSelectors: true
images:
  - name: workbook.local/ml-inference
    newTag: "1.0"
replicas:
  - name: ml-inference
    count: 2
YAML
kubectl apply -k app
