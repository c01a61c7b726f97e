# Without --current this makes a new context, which nobody uses.
kubectl config set-context lab --namespace="$NAMESPACE"
