# A ReplicaSet takes over the pod that has its labels, and makes the others.
set -euo pipefail
kubectl -n "$NAMESPACE" apply -f - <<'YAML'
apiVersion: apps/v1
kind: ReplicaSet
metadata:
  name: {{name}}
spec:
  replicas: {{replicas}}
  selector:
    matchLabels: { app: {{name}} }
  template:
    metadata:
      labels: { app: {{name}} }
    spec:
      terminationGracePeriodSeconds: 1
      containers:
        - name: server
          image: {{image}}
          args: ["-listen=:{{port}}"]
          readinessProbe:
            httpGet: { path: /ready, port: {{port}} }
            periodSeconds: 1
YAML
kubectl -n "$NAMESPACE" wait pods -l app={{name}} --for=condition=Ready --timeout=90s
