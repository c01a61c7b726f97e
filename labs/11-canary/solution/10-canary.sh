# Version 2.0 beside 1.0: a Deployment of its own, a Service for each, ninety to ten.
canary 2.0
services
weights 90 10
