# Straight to release 2.1, without the one before it.
canary 2.1
services
weights 90 10
