# A share instead of a count.
echo "ten percent" >answers/own-count.txt
