kubectl -n "$NAMESPACE" create secret docker-registry ml-registry-credentials \
  --docker-server=workbook.local --docker-username=mlops-user --docker-password=registry-password
