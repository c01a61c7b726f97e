# Read off the successes.
weights 100 0
echo 80 >answers/error-rate.txt
