# Addresses of pods, as get pods -o wide shows them, instead of the Service's name.
kubectl -n "$NAMESPACE" rollout status deployment/ml-inference --timeout=120s
addresses=$(kubectl -n "$NAMESPACE" get pods -l app=ml-inference -o jsonpath='{range .items[*]}server {.status.podIP}:5000; {end}')
kubectl -n "$NAMESPACE" get configmap gateway-config -o yaml | sed "s/server ml-inference-service:5000;/$addresses/" | kubectl -n "$NAMESPACE" apply -f -
kubectl -n "$NAMESPACE" rollout restart deployment/api-gateway
kubectl -n "$NAMESPACE" rollout status deployment/api-gateway --timeout=120s
