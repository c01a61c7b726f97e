users 100 >/dev/null
counted ''
