# The request is above the limit that the LimitRange fills in.
cat >over-quota.yaml <<'YAML'
apiVersion: v1
kind: Pod
metadata:
  name: over-quota
spec:
  containers:
    - name: trainer
      image: workbook.local/ml-inference:1.0
      resources:
        requests:
          cpu: "15"
YAML
