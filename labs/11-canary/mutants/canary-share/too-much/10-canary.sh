# One pod beside three behind the Service that selects them all: a quarter, not a tenth.
canary 2.0
