# Counted while one pod of four was the canary.
echo 52 >answers/own-count.txt
