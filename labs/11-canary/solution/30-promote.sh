# The ramp, and the end of it: the stable Deployment gets the new version. In earnest one would look at the figures between two steps.
kubectl scale deployment/ml-inference-canary --replicas=3
kubectl rollout status deployment/ml-inference-canary --timeout=60s
for share in 25 50 100; do
  weights $((100 - share)) "$share"
  sleep 1
done
kubectl set image deployment/ml-inference ml-model=workbook.local/ml-inference:2.0
kubectl rollout status deployment/ml-inference --timeout=60s
weights 100 0
kubectl scale deployment/ml-inference-canary --replicas=1
