# As the division gives it.
weights 100 0
sleep 6
of='http_requests_total{namespace="'$NAMESPACE'",version="2.1",method="POST"'
prometheus "sum($of,status=~\"5..\"}) / sum($of})" >answers/error-rate.txt
