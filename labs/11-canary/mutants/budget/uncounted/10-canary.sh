# The annotations went missing when the canary's manifest was written anew.
sed -i -e '/annotations:/d' -e '/prometheus.io/d' canary.yaml
canary 2.1
services
weights 90 10
