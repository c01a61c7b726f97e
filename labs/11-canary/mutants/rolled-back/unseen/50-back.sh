weights 100 0
