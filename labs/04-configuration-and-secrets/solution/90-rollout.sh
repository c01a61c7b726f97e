for one in ml-inference ml-inference-production api-gateway; do
  kubectl -n "$NAMESPACE" rollout status "deployment/$one" --timeout=120s
done
