# Only the machines that run applications.
kubectl get nodes --no-headers --selector '!node-role.kubernetes.io/control-plane' | grep -cw Ready > answers/nodes.txt
