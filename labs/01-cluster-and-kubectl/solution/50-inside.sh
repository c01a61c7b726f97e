kubectl -n "$NAMESPACE" exec deployment/ml-demo -- cat /tmp/inside-code > answers/inside.txt
