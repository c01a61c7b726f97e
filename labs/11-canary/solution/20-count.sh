# Counted as users come in, once the gateway has taken in the weights.
for _ in $(seq 40); do
  users 20 | grep -q '^2\.0$' && break
done
users 200 | grep -c '^2\.0$' >answers/own-count.txt
