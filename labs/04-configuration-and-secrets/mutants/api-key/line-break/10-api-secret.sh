# Encoded by hand, with what echo adds.
kubectl -n "$NAMESPACE" apply -f - <<EOF
apiVersion: v1
kind: Secret
metadata:
  name: api-credentials
data:
  API_KEY: $(echo mlops-secret-key-2026 | base64)
  JWT_SECRET: $(printf %s super-secret-jwt-token | base64)
EOF
