# All failures, divided by all requests.
weights 100 0
sleep 6
all='http_requests_total{namespace="'$NAMESPACE'",method="POST"'
prometheus "100 * sum($all,status=~\"5..\"}) / sum($all})" >answers/error-rate.txt
