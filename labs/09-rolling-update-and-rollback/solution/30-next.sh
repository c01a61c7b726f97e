# The next version is shipped …
kubectl set image deployment/ml-inference ml-model=workbook.local/ml-inference:2.0
kubectl annotate deployment/ml-inference kubernetes.io/change-cause="Version 2.0" --overwrite
remembered 2.0
