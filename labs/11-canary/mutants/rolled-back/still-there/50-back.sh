# Half of the way back: a little of it is left "to keep an eye on it".
weights 95 5
