# A Docker that starts throws the rules away that lead a published port into its container, live-restore or not, and makes them
# anew once it has found its containers: until then nobody is let in, 50 ms on an idle host. A copy of them stands in meanwhile,
# also while Docker cannot start at all: of the ports of this host's own address alone, as slots have them, for by a port of all
# addresses would go what this host asks of others. Docker calls the same iptables. Source: observed with Docker 20.10; moby,
# setupIPChains.
source host/lib/file.sh

DOCKER_PORTS_FILE=/etc/systemd/system/docker.service.d/edgepaas-ports.conf
# To systemd a single $ is its own. What Docker left behind when it failed to start is no reason to forget the copy.
# shellcheck disable=SC2016 # it is the script of another shell
DOCKER_PORTS_UNIT='[Service]
ExecStartPre=-/bin/sh -c "rules=$$(iptables -w -t nat -S DOCKER | sed -n \"s|^-A DOCKER \\\\(-d 127.0.0.1/32 .* -j DNAT \\\\)|\\\\1|p\"); \
  [ -n \"$$rules\" ] || exit 0; \
  iptables -w -t nat -N EDGEPAAS 2>/dev/null || iptables -w -t nat -F EDGEPAAS; \
  echo \"$$rules\" | while read -r rule; do iptables -w -t nat -A EDGEPAAS $$rule; done; \
  iptables -w -t nat -C OUTPUT -j EDGEPAAS 2>/dev/null || iptables -w -t nat -A OUTPUT -j EDGEPAAS"
ExecStartPost=-/bin/sh -c "iptables -w -t nat -D OUTPUT -j EDGEPAAS && iptables -w -t nat -F EDGEPAAS && iptables -w -t nat -X EDGEPAAS"'

docker_ports::are_kept() {
  [[ -e $DOCKER_PORTS_FILE && $(<"$DOCKER_PORTS_FILE") == "$DOCKER_PORTS_UNIT" ]]
}

# Docker need not restart for it: it counts from its next start on.
docker_ports::keep() {
  if docker_ports::are_kept; then return; fi
  mkdir -p "${DOCKER_PORTS_FILE%/*}"
  file::replace "$DOCKER_PORTS_FILE" "$DOCKER_PORTS_UNIT"$'\n' 644
  systemctl daemon-reload
}
