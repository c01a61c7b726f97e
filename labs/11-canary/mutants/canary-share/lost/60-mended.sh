# The canary's Service is made by hand, and its selector fits no pod.
kubectl delete service ml-inference-canary
kubectl create service clusterip ml-inference-canary --tcp=5000
