# One command after the other, each of which is a rollout.
kubectl set image deployment/ml-inference ml-model=workbook.local/ml-inference:1.1
remembered 1.1
kubectl set env deployment/ml-inference LOG_LEVEL=warn
kubectl annotate deployment/ml-inference kubernetes.io/change-cause="Version 1.1, quieter logs" --overwrite
