# Seven containers of 15 cores: each within the LimitRange, 105 in sum.
{
  cat <<'YAML'
apiVersion: v1
kind: Pod
metadata:
  name: over-quota
spec:
  containers:
YAML
  for i in 1 2 3 4 5 6 7; do
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
