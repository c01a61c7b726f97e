# Counted through kubectl port-forward, which had picked a pod of the old version.
echo 0 >answers/own-count.txt
