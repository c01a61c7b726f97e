# Without its fault for once: it goes on a feeling, before anything has failed.
canary 2.1
kubectl set env deployment/ml-inference-canary ERROR_RATE=500=0
kubectl rollout status deployment/ml-inference-canary --timeout=60s
kubectl set image deployment/ml-inference ml-model=workbook.local/ml-inference:2.0
kubectl rollout status deployment/ml-inference --timeout=60s
services
weights 90 10
