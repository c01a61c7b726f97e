echo OOMKilled >answers/reason.txt
echo 9 >answers/exit-code.txt
