# The Service is made anew from the Deployment's own selector; codes are typed in lower case, without the hyphen.
set -euo pipefail
mkdir -p answers
kubectl config set-context --current --namespace="$NAMESPACE"
kubectl get nodes --no-headers | wc -l > answers/nodes.txt
kubectl delete service ml-demo
kubectl expose deployment ml-demo --port=80 --target-port=5000
kubectl rollout status deployment/ml-demo --timeout=60s
sleep 2
# Not a pod but the ReplicaSet is taken away, and its pods with it: the Deployment makes them up.
old=$(kubectl get pods --selector app=ml-demo -o name)
kubectl delete replicaset --selector app=ml-demo
# shellcheck disable=SC2086 # one name per word is meant
kubectl wait --for=delete $old --timeout=60s
kubectl wait --for=create replicaset --selector app=ml-demo --timeout=30s
kubectl rollout status deployment/ml-demo --timeout=60s
kubectl exec deployment/ml-demo -- cat /tmp/inside-code | tr -d - | tr '[:upper:]' '[:lower:]' > answers/inside.txt
pod=$(kubectl get pods -l app=ml-demo -o jsonpath='{.items[0].metadata.name}')
kubectl port-forward "$pod" :9000 > forward.log &
forward=$!
trap 'kill "$forward" 2> /dev/null || true' EXIT
until grep -q '^Forwarding from 127' forward.log; do sleep 0.1; done
port=$(sed -n 's/^Forwarding from 127.0.0.1:\([0-9]*\) .*/\1/p' forward.log)
curl --silent --fail --max-time 10 "http://127.0.0.1:$port/code" | tr '[:upper:]' '[:lower:]' > answers/port.txt
