# Memory is what is too much here, in a file with another object before the pod.
set -euo pipefail
mkdir -p answers
cat >over-quota.yaml <<'YAML'
apiVersion: v1
kind: ConfigMap
metadata:
  name: training
data:
  epochs: "3"
---
apiVersion: v1
kind: Pod
metadata:
  generateName: trainer-
spec:
  containers:
    - name: a
      image: workbook.local/ml-inference:1.0
      resources: &large
        limits: { cpu: "1", memory: 60Gi }
    - name: b
      image: workbook.local/ml-inference:1.0
      resources: *large
    - name: c
      image: workbook.local/ml-inference:1.0
      resources: *large
    - name: d
      image: workbook.local/ml-inference:1.0
      resources: *large
YAML
echo '"OOMKilled"' >answers/reason.txt
echo 137 >answers/exit-code.txt
