kubectl get nodes --no-headers | grep -cw Ready > answers/nodes.txt
