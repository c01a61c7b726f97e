# As one would for any pair of values.
kubectl -n "$NAMESPACE" create secret generic ml-registry-credentials \
  --from-literal=REGISTRY_USER=mlops-user --from-literal=REGISTRY_PASSWORD=registry-password-xyz
