import { afterAll, beforeAll, expect, it } from 'vitest';
import type { RealHost } from '../../../rehearsal/host/real/real-host.ts';
import { createHost, describeRealHost, outputOf } from './fixture.ts';

const credentials = {
  AccessKeyId: 'ASIAEXAMPLE',
  SecretAccessKey: 'secret',
  Token: 'token',
  Expiration: '2030-01-01T00:00:00Z',
};

describeRealHost('the instance metadata service', () => {
  let host: RealHost;
  const url = 'http://169.254.169.254/latest';
  const status = `curl -sS -m 5 -o /dev/null -w '%{http_code}'`;
  const withToken = `token=$(curl -fsS -m 5 -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' ${url}/api/token)
    get() { curl -fsS -m 5 -H "X-aws-ec2-metadata-token: $token" "${url}/$1"; echo; }`;

  beforeAll(async () => {
    const instanceProfile = { roleName: 'host-role', credentials: () => credentials };
    host = await createHost({ instanceProfile });
  });
  afterAll(() => host?.destroy());

  it('answers nothing without a token, and gives none without a lifetime', async () => {
    expect(await outputOf(host, `${status} ${url}/meta-data/instance-id`)).toBe('401');
    expect(await outputOf(host, `${status} -H 'X-aws-ec2-metadata-token: guess' ${url}/meta-data/`)).toBe(
      '401',
    );
    expect(await outputOf(host, `${status} -X PUT ${url}/api/token`)).toBe('400');
  });

  it('tells who and where the instance is', async () => {
    const paths = ['instance-id', 'placement/region', 'placement/availability-zone'];
    const told = await outputOf(
      host,
      `${withToken}; for path in ${paths.join(' ')}; do get meta-data/$path; done`,
    );
    expect(told.split('\n')).toEqual(['i-0123456789abcdef0', 'eu-central-1', 'eu-central-1a']);
    const document = await outputOf(host, `${withToken}; get dynamic/instance-identity/document`);
    expect(JSON.parse(document)).toMatchObject({
      accountId: '123456789012',
      instanceId: 'i-0123456789abcdef0',
    });
  });

  it('hands out the credentials of the instance profile', async () => {
    const roles = 'meta-data/iam/security-credentials';
    expect(await outputOf(host, `${withToken}; get ${roles}/`)).toBe('host-role');
    const given = JSON.parse(await outputOf(host, `${withToken}; get ${roles}/host-role`)) as object;
    expect(given).toMatchObject({ Code: 'Success', ...credentials });
  });

  it('is out of reach one hop further, as for a container behind a bridge', async () => {
    const behindTheHost = `
      unshare --net sleep 60 >/dev/null 2>&1 & container=/proc/$!/ns/net
      until [ "$(readlink $container)" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.02; done
      ip link add outer type veth peer name inner netns $!
      ip address add 172.17.0.1/16 dev outer && ip link set outer up && echo 1 >/proc/sys/net/ipv4/ip_forward
      echo 1 >/proc/sys/net/ipv4/conf/imds0/proxy_arp # the way back, as Docker's masquerading would give it
      nsenter --net=$container ip -batch - <<<"address add 172.17.0.2/16 dev inner
        link set inner up
        route add default via 172.17.0.1"
      tell() { nsenter --net=$container curl -s -m "$2" -o /dev/null -w '%{http_code} %{errormsg}\n' "$1" || true; }
      tell http://172.17.0.1:1/ 10; tell ${url}/meta-data/ 1
      kill $!`;
    const told = await outputOf(host, behindTheHost);
    expect(told).toMatch(
      /^000 Failed to connect to 172.17.0.1 .*connect to server\n000 Connection timed out/,
    );
  });
});
