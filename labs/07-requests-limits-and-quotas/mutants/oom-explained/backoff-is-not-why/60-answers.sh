echo CrashLoopBackOff >answers/reason.txt
echo 137 >answers/exit-code.txt
