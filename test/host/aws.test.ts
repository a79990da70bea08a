import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { authenticate } from '../../rehearsal/aws/wire-signature.ts';

const target = 'AmazonSSM.GetParametersByPath';
const body = '{"Path":"/edgepaas/wéb"}';
const credentials = {
  accessKeyId: 'ASIAEXAMPLE',
  secretAccessKey: 'sec\\ret/+=% x',
  sessionToken: 'to/k+en==',
};

/**
 * Runs aws::call with another curl, which answers by its nth call from the configuration it was given. Pauses take no time,
 * and a whole second or more of the clock.
 */
function call(answers: string): {
  status: string;
  answer: string;
  configurations: string[];
  pauses: number[];
} {
  const script = `set -Eeuo pipefail; shopt -s inherit_errexit; export LC_ALL=C
    source host/lib/json.sh; source host/lib/aws.sh
    uptime=0; clock::read() { NOW=$uptime; }
    phase::sleep() { uptime=$((uptime + (\${1%.*} + 1) * 1000)); printf '%s\\n' "$1" >&4; }
    curl() { local given; given=$(</dev/stdin); printf '%s\\0' "$given" >&3; n=$(wc -l <"$counter"); echo >>"$counter"; ${answers} }
    counter=$(mktemp); trap 'rm -f "$counter"' EXIT
    AWS_USER=$1 AWS_TOKEN=$2
    aws::call ssm ssm.eu-central-1.amazonaws.com eu-central-1 ${target} '${body}'
    printf '%s\\n%s' "$AWS_STATUS" "$AWS_ANSWER"`;
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  const values = [`${accessKeyId}:${secretAccessKey}`, sessionToken];
  const run = spawnSync('bash', ['-c', script, 'bash', ...values], {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe'],
  });
  if (run.status !== 0) throw new Error(`exit ${run.status}: ${run.stderr}`);
  const [status = '', ...answer] = run.stdout.toString().split('\n');
  const configurations = run.output[3]!.toString().split('\0').slice(0, -1);
  const pauses = run.output[4]!.toString().split('\n').slice(0, -1).map(Number);
  return { status, answer: answer.join('\n'), configurations, pauses };
}

const refuse = (kind: string) => `printf '{"__type":"com.amazon#${kind}","message":"no"}\\n400'`;
const accept = `printf '{}\\n200'`;

/** The headers that a configuration of curl adds. */
const headersOf = (configuration: string) =>
  Object.fromEntries(
    [...configuration.matchAll(/^header = "([^:]+): (.*)"$/gm)].map(([, name, value]) => [
      name!.toLowerCase(),
      value!,
    ]),
  );

describe('aws::call', () => {
  it('leaves signing to curl', () => {
    const { status, configurations } = call(`${accept};`);
    expect(status).toBe('200');
    expect(configurations).toHaveLength(1);
    expect(configurations[0]).toContain('aws-sigv4 = "aws:amz:eu-central-1:ssm"');
  });

  it('signs by itself, every header of AWS’s, where curl is too old to', () => {
    const refused = refuse('InvalidSignatureException');
    const { status, configurations } = call(
      `if [[ $given == *aws-sigv4* ]]; then ${refused}; else ${accept}; fi;`,
    );
    expect(status).toBe('200');
    const headers = {
      ...headersOf(configurations[1]!),
      'content-type': 'application/x-amz-json-1.1',
      host: 'ssm.eu-central-1.amazonaws.com',
      'x-amz-target': target,
    };
    const request = { method: 'POST', url: '/', headers, body: Buffer.from(body) };
    const registry = {
      find: (id: string) => (id === credentials.accessKeyId ? { principal: 'host', credentials } : undefined),
    } as unknown as Parameters<typeof authenticate>[1];
    expect(authenticate(request, registry, [Date.now()])).toMatchObject({
      service: 'ssm',
      region: 'eu-central-1',
    });
    const tampered = { ...request, body: Buffer.from('{}') };
    expect(() => authenticate(tampered, registry, [Date.now()])).toThrow('does not match');
  });

  it('asks again what AWS or the network turned away for the moment, and takes nothing of the refusal along', () => {
    const { status, answer, configurations } = call(
      `case $n in 0) ${refuse('ThrottlingException')} ;; 1) printf '<busy>\\n503' ;; 2) printf '\\n000'; return 6 ;; *) ${accept} ;; esac;`,
    );
    expect([status, answer]).toEqual(['200', '{}']);
    expect(configurations).toHaveLength(4);
  });

  it('outlasts a fleet that asks for longer than a minute, each host in a rhythm of its own', () => {
    const throttled = `if ((uptime < 100000)); then ${refuse('ThrottlingException')}; else ${accept}; fi;`;
    const { status, pauses } = call(throttled);
    expect(status).toBe('200');
    expect(Math.max(...pauses)).toBeLessThan(8.2);
    expect(new Set(pauses).size).toBeGreaterThan(pauses.length / 2);
    expect(call(throttled).pauses).not.toEqual(pauses);
  });

  it('takes what lasts for an answer, silence sooner than throttling', () => {
    const silent = call(`printf '\n000';`);
    const throttled = call(`${refuse('ThrottlingException')};`);
    expect([silent.status, throttled.status]).toEqual(['000', '400']);
    expect(silent.pauses.length).toBeLessThan(throttled.pauses.length);
  });

  it('takes a refusal for one', () => {
    const { status, configurations } = call(`${refuse('AccessDeniedException')};`);
    expect(status).toBe('400');
    expect(configurations).toHaveLength(1);
  });
});
