# Once the gateway has taken in the weights.
sleep 3
users 600 >/dev/null
