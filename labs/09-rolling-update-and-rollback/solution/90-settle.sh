rolled_out api-gateway
rolled_out ml-inference
