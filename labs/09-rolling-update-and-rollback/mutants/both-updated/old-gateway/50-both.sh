# The configuration is changed in place; files mounted with subPath never hear of it.
kubectl apply -f gateway.yaml
kubectl rollout status deployment/api-gateway --timeout=60s
kubectl get configmap gateway-config -o yaml | sed 's/API Gateway 1.0/API Gateway 1.1/' | kubectl apply -f -
