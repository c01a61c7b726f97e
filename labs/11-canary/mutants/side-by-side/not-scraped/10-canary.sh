# Written from scratch: the pod's annotations are forgotten.
sed -i -e '/annotations:/d' -e '/prometheus.io/d' canary.yaml
canary 2.0
