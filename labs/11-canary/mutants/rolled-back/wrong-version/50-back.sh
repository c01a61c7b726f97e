# Back to what was there before: with 2.0 never promoted, that is 1.0.
weights 100 0
