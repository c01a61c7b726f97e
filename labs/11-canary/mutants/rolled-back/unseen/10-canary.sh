# Without its fault for once: it goes on a feeling, before anything has failed. (The fault is taken out before a pod of 2.1 is there: from its
# first moment on, users reach it through Service ml-inference.)
kubectl patch configmap release-2.1 --patch '{"data":{"ERROR_RATE":"0"}}'
canary 2.1
kubectl set image deployment/ml-inference ml-model=workbook.local/ml-inference:2.0
kubectl rollout status deployment/ml-inference --timeout=60s
services
weights 90 10
