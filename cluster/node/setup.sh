#!/bin/bash
# Runs once inside the build container: what kind's images/base/Dockerfile does to systemd, then the images of the
# control plane into containerd's store. /workbook/images holds their archives.
set -euo pipefail

chmod 755 /kind /kind/bin /kind/bin/* /usr/local/bin/*
find /lib/systemd/system/sysinit.target.wants/ -name systemd-tmpfiles-setup.service -delete
rm -f /lib/systemd/system/multi-user.target.wants/* /etc/systemd/system/*.wants/* \
  /lib/systemd/system/local-fs.target.wants/* /lib/systemd/system/sockets.target.wants/*udev* \
  /lib/systemd/system/sockets.target.wants/*initctl* /lib/systemd/system/basic.target.wants/*
echo "ReadKMsg=no" >> /etc/systemd/journald.conf
[ -e /sbin/init ] || ln -s /usr/lib/systemd/systemd /sbin/init
ln -sf /usr/bin/containerd /usr/local/bin/containerd
mkdir -p /etc/kubernetes/manifests /opt/cni
ln -sfn /usr/lib/cni /opt/cni/bin
systemctl enable kubelet.service containerd.service undo-mount-hacks.service workbook-network.service
systemctl mask systemd-binfmt.service

# Without kind's hook that shows containers a product UUID other than the machine's: nothing here reads one, and each start
# of a container would pay for a bash and a jq.
ctr oci spec | jq 'del(.process.rlimits)' > /etc/containerd/cri-base.json

containerd > /tmp/containerd.log 2>&1 &
containerd=$!
trap 'tail -20 /tmp/containerd.log >&2' ERR
for _ in $(seq 100); do
  [ -S /run/containerd/containerd.sock ] && ctr version > /dev/null 2>&1 && break
  sleep 0.1
done
for archive in /workbook/images/*.tar; do
  # Not unpacked here: a node unpacks what it runs, so the image stays small.
  ctr --namespace=k8s.io images import --all-platforms --no-unpack --digests "$archive"
done
ctr --namespace=k8s.io images list -q
trap - ERR
kill "$containerd"
wait "$containerd" || true
rm -rf /workbook /tmp/* /run/containerd
