# A name that is nearly right.
kubectl apply -f gateway.yaml
sed 's/name: gateway-config$/name: gateway-config-v1.1/' gateway.yaml >gateway-1.1.yaml
kubectl apply -f gateway-1.1.yaml
