# The ConfigMap is edited, and nobody tells the pods.
kubectl -n "$NAMESPACE" get configmap gateway-config -o yaml | sed 's/Gateway v1.0/Gateway v1.1/' | kubectl -n "$NAMESPACE" apply -f -
# A folder follows the change, sooner if something about the pod changes; nginx does not.
kubectl -n "$NAMESPACE" annotate pods --selector app=api-gateway looked-at="$(date +%s)"
for pod in $(kubectl -n "$NAMESPACE" get pods --selector app=api-gateway -o name); do
  for _ in $(seq 100); do
    kubectl -n "$NAMESPACE" exec "$pod" -- grep -q v1.1 /etc/gateway/nginx.conf && break
    sleep 0.5
  done
done
