# A version nobody has built.
kubectl set image deployment/ml-inference ml-model=workbook.local/ml-inference:2.1
