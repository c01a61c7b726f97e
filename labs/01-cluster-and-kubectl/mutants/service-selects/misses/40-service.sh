# Labels are compared letter by letter: Backend is not backend.
kubectl -n "$NAMESPACE" patch service ml-demo --patch '{"spec": {"selector": {"tier": "Backend"}}}'
