sleep 1
users 600 >/dev/null
