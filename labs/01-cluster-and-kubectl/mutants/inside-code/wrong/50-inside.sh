# The file's name, not what is in it.
kubectl -n "$NAMESPACE" exec deployment/ml-demo -- ls /tmp/inside-code > answers/inside.txt
