cp answers/port.txt answers/inside.txt
