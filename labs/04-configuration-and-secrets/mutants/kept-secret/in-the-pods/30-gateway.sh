kubectl -n "$NAMESPACE" set env deployment/api-gateway API_KEY=mlops-secret-key-2026
