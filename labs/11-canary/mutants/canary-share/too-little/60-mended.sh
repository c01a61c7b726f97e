# One of ten is meant, three of a hundred are written.
weights 97 3
