# Changed, and nothing else done: the pods will notice, won't they?
kubectl -n "$NAMESPACE" patch configmap ml-config --patch '{"data": {"BATCH_SIZE": "64"}}'
