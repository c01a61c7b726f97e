# Asked on the port that serves predictions: it answers, but it is not the code.
kubectl -n "$NAMESPACE" exec client -- sh -c "curl --silent --max-time 10 http://$(kubectl -n "$NAMESPACE" get pods -l app=ml-demo -o jsonpath='{.items[0].status.podIP}'):5000/code" > answers/port.txt
