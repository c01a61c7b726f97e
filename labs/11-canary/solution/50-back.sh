# Out of the traffic first; then read what it was, once the last scrape has come in.
weights 100 0
sleep 6
of='http_requests_total{namespace="'$NAMESPACE'",version="2.1",method="POST"'
prometheus "100 * sum($of,status=~\"5..\"}) / sum($of})" >answers/error-rate.txt
