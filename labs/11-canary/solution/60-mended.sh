# The repaired release, at ten percent overnight.
canary 2.2
weights 90 10
