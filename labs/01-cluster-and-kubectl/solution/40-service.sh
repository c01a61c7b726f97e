kubectl -n "$NAMESPACE" patch service ml-demo --patch '{"spec": {"selector": {"tier": "backend"}}}'
