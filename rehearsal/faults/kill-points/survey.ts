import type { PhaseHost } from '../../phases/phase-host.ts';

export type Slot = 'blue' | 'green';

/** What is on a host of the app web. */
export interface Survey {
  readonly liveSlot: Slot | 'none';
  /** By slot: `running web-7`. */
  readonly containers: Readonly<Record<string, string>>;
  /** By deployment: `600 root`. */
  readonly envFiles: Readonly<Record<string, string>>;
  /** Such as `web-7/bake.json`. */
  readonly receipts: readonly string[];
  /** Receipts that are no JSON, files that somebody began to write, scripts that still run, ... */
  readonly leftovers: readonly string[];
  /** Who answers on port 80: `200 v1 127.0.0.1:8080`. */
  readonly page: string;
}

const look = `cd /var/lib/edgepaas/apps/web
echo "flags $(ls traffic | tr '\\n' ' ')"
docker ps --all --filter label=edgepaas.app=web --format 'container {{.Names}} {{.State}} {{.Label "edgepaas.deployment"}}'
for file in env/*.env; do stat -c 'env %n %a %U' "$file"; done
for file in /var/lib/edgepaas/apps/*/receipts/*/*.json; do
  jq -e .deploymentId "$file" >/dev/null 2>&1 || echo "leftover torn receipt $file"
done
for file in receipts/*/*.json; do echo "receipt $file"; done
find /var/lib/edgepaas /etc/nginx /etc/docker /etc/fstab.new /mnt/docker-data -maxdepth 5 \\
  '(' -path /mnt/docker-data/docker -o -path /mnt/docker-data/containerd ')' -prune \\
  -o '(' -name '*.new' -o -name '.edgepaas-*' -o -name 'fingerprint-key.*' ')' -printf 'leftover file %p\\n' 2>/dev/null
comm -23 <(ctr --namespace moby tasks list --quiet | sort) <(docker ps --quiet --no-trunc | sort) | sed 's/^/leftover container /'
pgrep -f '/_script[.]sh' | sed 's/^/leftover process /'
nginx -t -q 2>&1 | sed 's/^/leftover Nginx: /'
curl -s -o /dev/null -m 10 -w 'page %{http_code} %header{x-build-version} %header{x-edgepaas-upstream}\\n' http://127.0.0.1/
true`;

export async function survey(host: PhaseHost): Promise<Survey> {
  const lines = (await host.shell(look)).split('\n').map((line) => line.split(' '));
  const of = (word: string) => lines.filter(([first]) => first === word).map(([, ...rest]) => rest);
  const flags = of('flags')[0] ?? [];
  return {
    liveSlot: !flags.includes('live') ? 'none' : flags.includes('green') ? 'green' : 'blue',
    containers: Object.fromEntries(
      of('container').map(([name, ...rest]) => [name!.split('-').at(-1)!, rest.join(' ')]),
    ),
    envFiles: Object.fromEntries(
      of('env').map(([file, ...rest]) => [/([^/]*)\.env$/.exec(file!)![1]!, rest.join(' ')]),
    ),
    receipts: of('receipt').map(([file]) => file!.replace('receipts/', '')),
    leftovers: of('leftover').map((words) => words.join(' ')),
    page: of('page')[0]?.join(' ') ?? 'nobody',
  };
}
