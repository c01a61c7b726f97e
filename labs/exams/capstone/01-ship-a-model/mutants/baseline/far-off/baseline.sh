# The time of each of 600 requests; their mean.
mkdir -p answers
kubectl exec {{client}} -- sh -c 'seq 600 | xargs -P 4 -I{} curl -s -o /dev/null -w "%{time_total}\n" http://{{gateway}}:{{gatewayPort}}/predict' |
  sort -n | awk '{ sum += $1 } END { printf "%d\n", sum / NR * 1000 }' >answers/p95.txt
