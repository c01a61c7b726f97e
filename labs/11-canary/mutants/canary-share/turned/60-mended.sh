# The weights the wrong way round.
weights 10 90
