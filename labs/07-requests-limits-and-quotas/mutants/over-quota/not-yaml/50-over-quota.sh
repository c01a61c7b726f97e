printf 'kind: Pod\nspec:\n\tcontainers: []\n' >over-quota.yaml
