#!/usr/bin/env bash
# Sends requests at a steady pace from the pod client, each over a connection of its own, whether
# earlier ones have been answered or not: as many users do. Then it says what came back.
#   bash load.sh 36 12      36 requests a second for 12 seconds
set -euo pipefail
rate=${1:-20}
seconds=${2:-15}
url=${URL:-http://ml-inference-service:5000/predict}

kubectl exec -i client -- bash -s "$rate" "$seconds" "$url" <<'IN_THE_POD'
rate=$1 seconds=$2 url=$3
answers=$(mktemp)
exec {never}<> <(:) # reading from here waits, without starting a program for it
now() { micro=${EPOCHREALTIME/[.,]/}; }
now; begin=$micro
for ((i = 0; i < rate * seconds; i++)); do
  due=$((begin + i * 1000000 / rate))
  now
  if ((due > micro)); then
    printf -v pause '%d.%06d' $(((due - micro) / 1000000)) $(((due - micro) % 1000000))
    read -rt "$pause" -u "$never" || true
  fi
  curl -so /dev/null --max-time 10 -w "$(((due - begin) / 1000000)) %{http_code} %{time_total} %header{x-served-by}\n" "$url" >>"$answers" &
done
wait
sort -n "$answers" | awk '
  { sent++; if ($2 == 200) { ok++; pods[$4]++ } else { bad[$2]++; at[$1]++ } }
  END {
    printf "%d requests: %d answered, %d not\n", sent, ok, sent - ok
    for (code in bad) printf "  %d with %s\n", bad[code], code == "000" ? "no answer at all" : "HTTP " code
    for (second in at) printf "  %d of them sent in second %d\n", at[second], second
    for (pod in pods) printf "%5d from %s\n", pods[pod], pod
  }'
awk '$2 == 200 { print $3 }' "$answers" | sort -n | awk '
  { time[NR] = $1 }
  END { if (NR) printf "half of them within %.2f s, 95 %% within %.2f s\n", time[int((NR + 1) / 2)], time[int(NR * 0.95 + 0.5)] }'
rm -f "$answers"
IN_THE_POD
