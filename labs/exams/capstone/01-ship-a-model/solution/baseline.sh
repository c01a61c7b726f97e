# The time of each of 600 requests, four at a time; the one that 95 % lie below.
mkdir -p answers
kubectl exec {{client}} -- sh -c 'seq 600 | xargs -P 4 -I{} curl -s -o /dev/null -w "%{time_total}\n" http://{{gateway}}:{{gatewayPort}}/predict' |
  sort -n | awk '{ all[NR] = $1 } END { printf "%d\n", all[int(NR * 0.95)] * 1000 }' >answers/p95.txt
