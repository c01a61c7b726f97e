# Each step is a file of its own, so that a mutant can exchange just one.
set -euo pipefail
# The next step may come as soon as the Deployment remembers this image: pods may follow at their own pace.
remembered() {
  timeout 60 bash -c "until kubectl get replicasets -o jsonpath='{..image}' | grep -q ':$1'; do sleep 0.5; done"
}
for step in [0-9]*.sh; do
  . "./$step"
done
