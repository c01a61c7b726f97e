echo OOMKilled >answers/reason.txt
echo 137 >answers/exit-code.txt
