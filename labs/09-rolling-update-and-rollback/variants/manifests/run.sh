set -euo pipefail
# The next step may come as soon as the Deployment remembers this image: pods may follow at their own pace.
remembered() {
  timeout 60 bash -c "until kubectl get replicasets -o jsonpath='{..image}' | grep -q ':$1'; do sleep 0.5; done"
}
# Everything is in files: each version is applied, and going back is applying the former one again.
sed -e 's/ml-inference:1\.0/ml-inference:1.1/' -e 's/change-cause: .*/change-cause: 1.1 with quieter logs/' \
  -e 's/          env:/          env:\n            - { name: LOG_LEVEL, value: warn }/' ml-inference.yaml >1.1.yaml
kubectl apply -f 1.1.yaml
remembered 1.1
sed -e 's/ml-inference:1\.1/ml-inference:2.0/' -e 's/change-cause: .*/change-cause: version 2.0/' 1.1.yaml >2.0.yaml
kubectl apply -f 2.0.yaml
remembered 2.0
kubectl apply -f 1.1.yaml
sed 's/name: gateway-config$/name: gateway-config-1.1/' gateway.yaml | kubectl apply -f -
