#!/bin/sh
# Pod network of one node: a CNI configuration with this node's own range of pod addresses, a route to every other
# node's range, and masquerading for what leaves the cluster. It reads the nodes again and again, because addresses of
# the node containers move when the container engine restarts.
set -u

kubeconfig=/etc/kubernetes/kubelet.conf
services=10.96.0.0/16 # kind's default range of cluster IPs
authority=/etc/kubernetes/pki/ca.crt
identity=/var/lib/kubelet/pki/kubelet-client-current.pem
me=$(hostname)
conflist=/etc/cni/net.d/10-workbook.conflist

write_conflist() {
  cat <<JSON
{
  "cniVersion": "0.3.1",
  "name": "workbook",
  "plugins": [
    {
      "type": "ptp",
      "ipMasq": false,
      "mtu": $2,
      "ipam": {
        "type": "host-local",
        "dataDir": "/run/cni-ipam-state",
        "routes": [{ "dst": "0.0.0.0/0" }],
        "ranges": [[{ "subnet": "$1" }]]
      }
    },
    { "type": "portmap", "capabilities": { "portMappings": true } }
  ]
}
JSON
}

masquerade() {
  nft -f - <<NFT
add table ip workbook
flush table ip workbook
table ip workbook {
  chain leaving {
    type nat hook postrouting priority srcnat + 10; policy accept;
    ip saddr $1 ip daddr != $1 ip daddr != 224.0.0.0/4 fib daddr type != local masquerade
  }
}
NFT
}

# While kube-proxy does not know a cluster IP yet, nobody translates it, and a packet for it would leave by the default
# route. Where something out there answers, an API server that has just restarted keeps talking to it: an aggregated API
# such as metrics.k8s.io then stays away for good, and with it the deletion of every namespace. Dropped, not refused: the
# sender tries again a second later, and by then a Service that is merely new has its rules.
keep_services_inside() {
  nft -f - <<NFT
add table ip workbook-services
flush table ip workbook-services
table ip workbook-services {
  chain own {
    type filter hook output priority filter; policy accept;
    ip daddr $services drop
  }
  chain forwarded {
    type filter hook forward priority filter; policy accept;
    ip daddr $services drop
  }
}
NFT
}

sync_once() {
  server=$(sed -n 's/^ *server: *//p' "$kubeconfig")
  nodes=$(curl -sSf --max-time 5 --cacert "$authority" --cert "$identity" "$server/api/v1/nodes" |
    jq -r '.items[] | select(.spec.podCIDR) |
      [.metadata.name, .spec.podCIDR, ([.status.addresses[]? | select(.type == "InternalIP") | .address] | first // "-")] | @tsv') ||
    return 1
  [ -n "$nodes" ] || return 1
  cidr=$(printf '%s\n' "$nodes" | awk -v me="$me" '$1 == me { print $2 }')
  [ -n "$cidr" ] || return 1
  if [ "${known:-}" != "$nodes" ]; then
    mtu=$(cat /sys/class/net/eth0/mtu)
    mkdir -p /etc/cni/net.d
    write_conflist "$cidr" "$mtu" > "$conflist.new"
    cmp -s "$conflist.new" "$conflist" || mv "$conflist.new" "$conflist"
    rm -f "$conflist.new"
    # Every node has a /24 of the cluster's /16.
    masquerade "$(printf '%s' "$cidr" | cut -d. -f1,2).0.0/16" || return 1
  fi
  # Routes are set each time: a link that went down and up has lost them.
  printf '%s\n' "$nodes" | while read -r name range address; do
    [ "$name" = "$me" ] || [ "$address" = "-" ] || ip route replace "$range" via "$address" || exit 1
  done || return 1
  known=$nodes
}

keep_services_inside
rounds=0
while :; do
  if [ -r "$kubeconfig" ] && [ -r "$identity" ] && [ -r "$authority" ] && sync_once; then
    rounds=$((rounds + 1))
  fi
  # Often at first, while nodes join or come back with new addresses; then only to notice a change. A round costs 70 ms of
  # a processor, which three nodes share with everything else.
  if [ "$rounds" -lt 60 ]; then
    sleep 1
  else
    sleep 20
  fi
done
