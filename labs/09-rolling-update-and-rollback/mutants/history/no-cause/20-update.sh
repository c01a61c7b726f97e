# The reason was taken off, and no new one given.
kubectl rollout pause deployment/ml-inference
kubectl set image deployment/ml-inference ml-model=workbook.local/ml-inference:1.1
kubectl set env deployment/ml-inference LOG_LEVEL=warn
kubectl annotate deployment/ml-inference kubernetes.io/change-cause-
kubectl rollout resume deployment/ml-inference
