# Endpoints written by hand, with the addresses the pods have at the moment.
kubectl -n "$NAMESPACE" patch service ml-demo --patch '{"spec": {"selector": null}}'
addresses=$(kubectl -n "$NAMESPACE" get pods -l app=ml-demo -o jsonpath='{range .items[*]}{"\n  - addresses: [\""}{.status.podIP}{"\"]"}{end}')
kubectl -n "$NAMESPACE" apply --filename - <<EOF
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: ml-demo-by-hand
  labels:
    kubernetes.io/service-name: ml-demo
addressType: IPv4
ports:
  - name: http
    port: 5000
endpoints:$addresses
EOF
