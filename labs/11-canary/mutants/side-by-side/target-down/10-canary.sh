# The annotation names a port on which nobody listens.
sed -i 's|port: "5000"|port: "8080"|' canary.yaml
canary 2.0
