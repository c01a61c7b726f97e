# One pod was given the label, and the other forgotten.
pod=$(kubectl -n "$NAMESPACE" get pods -l app=ml-demo -o name | head -n 1)
kubectl -n "$NAMESPACE" label "$pod" tier=frontend --overwrite
