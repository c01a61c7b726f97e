# A name that is nearly right.
kubectl set image deployment/api-gateway nginx=workbook.local/nginx:1.22
sed 's/name: gateway-config$/name: gateway-config-v1.1/' gateway.yaml >gateway-1.1.yaml
kubectl apply -f gateway-1.1.yaml
