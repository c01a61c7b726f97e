# Nothing to wait for: the pods do not come up.
