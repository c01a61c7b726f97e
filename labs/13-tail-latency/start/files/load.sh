#!/usr/bin/env bash
# Sends requests at a steady pace from the pod client, each over a connection of its own, whether earlier ones
# have been answered or not, as many users do. Then it writes the milliseconds each one took, a line each.
#   bash load.sh 40 15          40 requests a second for 15 seconds
#   bash load.sh 40 20 120      the same, and in the middle of it 120 more at one moment
set -euo pipefail
rate=${1:-40}
seconds=${2:-15}
herd=${3:-0}
url=${URL:-http://ml-inference-service:5000/predict}

kubectl exec -i client -- bash -s "$rate" "$seconds" "$herd" "$url" <<'IN_THE_POD'
rate=$1 seconds=$2 herd=$3 url=$4
answers=$(mktemp)
exec {never}<> <(:) # reading from here waits, without starting a program for it
now() { micro=${EPOCHREALTIME/[.,]/}; }
now; begin=$micro
for ((i = 0; i < rate * seconds; i++)); do
  if ((herd > 0 && i == rate * seconds / 2)); then
    # One program for all of them, so that they do not come one by one.
    curl -s --parallel --parallel-immediate --parallel-max "$herd" --max-time 10 -o /dev/null \
      -w '%{http_code} %{time_total}\n' "$url?herd=[1-$herd]" >>"$answers.herd" 2>/dev/null &
  fi
  due=$((begin + i * 1000000 / rate))
  now
  if ((due > micro)); then
    printf -v pause '%d.%06d' $(((due - micro) / 1000000)) $(((due - micro) % 1000000))
    read -rt "$pause" -u "$never" || true
  fi
  curl -so /dev/null --max-time 10 -w '%{http_code} %{time_total}\n' "$url" >>"$answers" &
done
wait
cat "$answers.herd" >>"$answers" 2>/dev/null || true
awk '$1 == 200 { printf "%.1f\n", $2 * 1000 }' "$answers"
awk '$1 == 200 { ok++ } $1 != 200 { bad++ } END { printf "%d requests: %d answered, %d not\n", NR, ok, bad }' "$answers" >&2
rm -f "$answers" "$answers.herd"
IN_THE_POD
