users 400 >/dev/null
counted ',status="500"'
