# A pod for trying things out that carries the labels of the real ones.
kubectl -n "$NAMESPACE" run stray --image=workbook.local/ml-inference:1.0 --labels=app=ml-demo,tier=backend -- -listen=:5000
kubectl -n "$NAMESPACE" wait pod/stray --for=condition=Ready --timeout=60s
