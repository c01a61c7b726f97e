kubectl -n "$NAMESPACE" rollout status deployment/ml-demo --timeout=60s
# An update to an image that does not exist: the new pod never runs.
kubectl -n "$NAMESPACE" set image deployment/ml-demo ml-inference=workbook.local/ml-inference:1.O
