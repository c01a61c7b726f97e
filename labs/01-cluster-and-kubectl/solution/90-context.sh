kubectl config set-context --current --namespace="$NAMESPACE"
