echo OOMKilled >answers/reason.txt
