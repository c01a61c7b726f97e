# An image that nobody has built.
sed -e 's/name: ml-inference #.*/name: ml-inference-canary/' -e 's/track: stable.*/track: canary/' \
  -e 's/replicas: 3.*/replicas: 1/' -e 's/ml-inference:1\.0.*/ml-inference:2.1/' canary.yaml | kubectl apply -f -
