# Release 2.1 for everybody at once.
canary 2.1
services
weights 0 100
