# The Secret exists; surely the gateway finds it.
