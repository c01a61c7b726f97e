cp answers/inside.txt answers/port.txt
