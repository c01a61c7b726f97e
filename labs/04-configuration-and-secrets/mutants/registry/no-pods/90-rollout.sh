# Nothing to wait for: not all of the pods come up.
