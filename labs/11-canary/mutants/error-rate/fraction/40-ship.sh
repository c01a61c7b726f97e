users 200 >/dev/null
counted ',status="500"'
