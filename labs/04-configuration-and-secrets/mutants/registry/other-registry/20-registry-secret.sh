kubectl -n "$NAMESPACE" create secret docker-registry ml-registry-credentials \
  --docker-username=mlops-user --docker-password=registry-password-xyz
