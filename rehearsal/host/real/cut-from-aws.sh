#!/bin/sh
# cut-from-aws.sh cut|mend, in a host's network namespace: what the host sends to the ports of AWS and of its package hosts is
# lost on the way, as by a firewall that drops: it goes to a hardware address that nobody has. Answers to those who call the
# host go on, and so do its metadata service and a managed database. May be run again.
set -eu
what=$1 table=443 nobody=192.0.2.1

rule() { # add|delete, port
  ip rule "$1" to 10.77.0.0/16 ipproto tcp dport "$2" table $table
}

for port in 443 80; do
  while rule delete $port 2>/dev/null; do :; done
done
if [ "$what" = mend ]; then exit; fi
ip neighbour replace $nobody lladdr 02:00:00:00:00:01 dev eth0 nud permanent
ip route replace default via $nobody dev eth0 onlink table $table
for port in 443 80; do rule add $port; done
