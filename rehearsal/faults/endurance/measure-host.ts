import type { RealHost } from '../../host/real/real-host.ts';

/** What a host has in use; bytes. */
export interface HostMeasure {
  /** Of Docker's volume. */
  readonly volume: number;
  /** Of the root disk, without what the SSM agent and journald keep: both have bounds of their own. */
  readonly root: number;
  /** Proportional set size of Nginx, Docker and containerd with its shims. */
  readonly memory: number;
}

const script = `
  set -eu
  used() { df --output=used --block-size=1 "$1" | tail -n 1; }
  kept() { du --summarize --block-size=1 "$1" 2>/dev/null | cut -f1; }
  agent=$(kept /var/lib/amazon || echo 0)
  journal=$(kept /var/log/journal || echo 0)
  pss=0
  for process in /proc/[0-9]*; do
    case $(cat "$process/comm" 2>/dev/null) in nginx | dockerd | containerd*) ;; *) continue ;; esac
    pss=$((pss + $(awk '/^Pss:/ { print $2 }' "$process/smaps_rollup" 2>/dev/null || true) + 0))
  done
  echo "$(used /mnt/docker-data) $(($(used /) - \${agent:-0} - \${journal:-0})) $((pss * 1024))"
`;

export async function measureHost(host: RealHost): Promise<HostMeasure> {
  const said = await host.exec(['bash', '-c', script]);
  const [volume, root, memory] = said.trim().split(' ').map(Number);
  return { volume: volume!, root: root!, memory: memory! };
}
