rm over-quota.yaml
