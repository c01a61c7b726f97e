# The running pods are given the label by hand; their template is not.
kubectl -n "$NAMESPACE" label pods --selector app=ml-demo tier=frontend --overwrite
