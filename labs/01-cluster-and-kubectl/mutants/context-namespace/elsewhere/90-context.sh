kubectl config set-context --current --namespace=kube-system
