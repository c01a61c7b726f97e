# All weight back on the stable Service, the canary left waiting.
weights 100 0
