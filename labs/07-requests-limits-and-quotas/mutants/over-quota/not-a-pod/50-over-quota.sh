cp edge.yaml over-quota.yaml
