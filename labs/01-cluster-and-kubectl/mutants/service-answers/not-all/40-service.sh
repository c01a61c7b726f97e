# One pod was given the label, and the other forgotten.
pod=$(kubectl -n "$NAMESPACE" get pods -l app=ml-demo -o jsonpath='pod/{.items[0].metadata.name}')
kubectl -n "$NAMESPACE" label "$pod" tier=frontend --overwrite
