# Six containers of 15 cores: 90 in sum.
{
  cat <<'YAML'
apiVersion: v1
kind: Pod
metadata:
  name: over-quota
spec:
  containers:
YAML
  for i in 1 2 3 4 5 6; do
    cat <<YAML
    - name: trainer-$i
      image: workbook.local/ml-inference:1.0
      resources:
        requests:
          cpu: "15"
        limits:
          cpu: "16"
YAML
  done
} >over-quota.yaml
