import type { RealHost } from '../../../rehearsal/host/real/real-host.ts';

/**
 * Everything on a host that a deployment could change: files with size, mode and time, mounts, listening ports, packages,
 * containers. Left out are places that change by themselves: kernel filesystems, logs, and what the SSM agent and EdgePaaS keep
 * of each command.
 */
export function takeSnapshot(host: RealHost): Promise<string> {
  return host.exec(['bash', '-c', script]);
}

const script = `
  set -eu
  cut -d' ' -f1-3 /proc/mounts | grep -v ' /run/\\| /sys/' | sort
  ss -Hltn | awk '{print $4}' | sort
  dpkg-query --show
  docker ps --all --no-trunc --format '{{.ID}} {{.Names}} {{.State}} {{.Image}}' 2>/dev/null || echo 'no docker'
  docker images --no-trunc --quiet 2>/dev/null | sort || true
  find / -xdev \\( -path /proc -o -path /sys -o -path /dev -o -path /run -o -path /tmp -o -path /var/tmp -o -path /var/log \
    -o -path /var/lib/amazon -o -path /var/lib/edgepaas -o -path /var/lib/systemd -o -path /var/lib/logrotate \
    -o -path /var/cache/ldconfig \\) -prune -o -type f -printf '%p %s %m %T@\\n' | sort
`;
