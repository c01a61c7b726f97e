# The rules came first, so the two must step aside for the one pod that says nothing: without a LimitRange the quota refuses it.
set -euo pipefail
mkdir -p answers
kubectl delete limitrange/ml-limits quota/ml-team-quota
kubectl apply -f later/qos.yaml
kubectl apply -f 05-ml-team-quota.yaml -f 06-ml-limits.yaml
. ./50-over-quota.sh
echo OOMKilled >answers/reason.txt
echo 137 >answers/exit-code.txt
