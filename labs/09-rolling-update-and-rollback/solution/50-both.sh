# The gateway follows with its own configuration.
sed 's/name: gateway-config$/name: gateway-config-1.1/' gateway.yaml >gateway-1.1.yaml
kubectl apply -f gateway-1.1.yaml
