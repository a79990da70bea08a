#!/bin/sh
# connect.sh INDEX PID METADATA: wires a host that is about to boot. METADATA is a path to the network namespace of its
# metadata service. No default route and no address translation: the host reaches this machine's ends of its own link and of
# other hosts' links, and nothing else.
set -eu
index=$1 pid=$2 metadata=$3
link=edgepaas$index

# The links of a host that has just gone down may linger.
ip link delete "$link" 2>/dev/null || true
nsenter --net="$metadata" ip link delete imds1 2>/dev/null || true
ip link add "$link" mtu 1400 type veth peer name eth0 mtu 1400 netns "$pid"
ip address add "10.77.$index.1/30" dev "$link"
ip link set "$link" up
nsenter --net="/proc/$pid/ns/net" ip -batch - <<HOST
link set lo up
address add 10.77.$index.2/30 dev eth0
link set eth0 up
link add imds0 type veth peer name imds1
link set imds0 up
route add 169.254.169.254 dev imds0 src 10.77.$index.2
route add 10.77.0.0/16 via 10.77.$index.1
HOST
nsenter --net="/proc/$pid/ns/net" ip link set imds1 netns "$metadata"
nsenter --net="$metadata" ip -batch - <<METADATA
address add 169.254.169.254 dev imds1
link set imds1 up
route add default dev imds1
METADATA
