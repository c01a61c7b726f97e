# Release 2.1 as the next canary, until its failures are counted.
canary 2.1
weights 90 10
sleep 1
users 200 >/dev/null
counted ',status="500"'
