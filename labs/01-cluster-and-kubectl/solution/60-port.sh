# ":9000" lets kubectl choose a free port here; it says which one.
kubectl -n "$NAMESPACE" port-forward deployment/ml-demo :9000 > forward.log &
forward=$!
trap 'kill "$forward" 2> /dev/null || true' EXIT
for _ in $(seq 100); do
  grep -q '^Forwarding from 127' forward.log && break
  sleep 0.1
done
port=$(sed -n 's/^Forwarding from 127.0.0.1:\([0-9]*\) .*/\1/p' forward.log)
curl --silent --show-error --fail --max-time 10 "http://127.0.0.1:$port/code" > answers/port.txt
kill "$forward"
