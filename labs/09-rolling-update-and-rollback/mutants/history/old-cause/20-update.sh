# The former reason stays on the Deployment, and so on the new revision.
kubectl rollout pause deployment/ml-inference
kubectl set image deployment/ml-inference ml-model=workbook.local/ml-inference:1.1
kubectl set env deployment/ml-inference LOG_LEVEL=warn
kubectl rollout resume deployment/ml-inference
