# As the lab begins: 101 cores in one container.
test -f over-quota.yaml
