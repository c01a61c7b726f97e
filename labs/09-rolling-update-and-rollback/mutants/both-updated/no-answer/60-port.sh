# The model's Service is tidied up, and sends to a port nobody listens on.
kubectl patch service ml-inference-service --type=json --patch '[{"op": "replace", "path": "/spec/ports/0/targetPort", "value": 80}]'
