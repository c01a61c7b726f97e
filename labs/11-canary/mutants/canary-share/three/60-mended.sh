# The next release is sent out while 1.0 and 2.0 still share the requests.
sed -e 's/ml-inference-canary/ml-inference-next/' -e 's/track: canary/track: next/' \
  -e 's/^ *# (d).*/          envFrom: [{ configMapRef: { name: release-2.2 } }]/' canary-2.0.yaml | kubectl apply -f -
kubectl expose deployment ml-inference-next --port=5000
kubectl patch httproute ml-inference --type=json --patch '[{"op":"add","path":"/spec/rules/0/backendRefs/-","value":{"name":"ml-inference-next","port":5000,"weight":10}}]'
kubectl rollout status deployment/ml-inference-next --timeout=60s
