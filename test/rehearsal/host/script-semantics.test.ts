import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { HostDownError, type RunningScript } from '../../../rehearsal/host/host.ts';
import type { RealHost } from '../../../rehearsal/host/real/real-host.ts';
import { createHost, describeRealHost, runOn } from './fixture.ts';

describeRealHost('a script on a real rehearsal host, as the SSM agent runs it', () => {
  let host: RealHost;

  beforeAll(async () => void (host = await createHost()));
  afterAll(() => host?.destroy());

  it('has its parameters and the agent’s variables as its whole environment, and no HOME', async () => {
    const value = 'a "b" $c\n{{d}}';
    const { stdout } = await runOn(host, 'env -0', {
      environment: { SSM_value: value },
      commandId: 'the-command',
    });
    const shellsOwn = /^(PWD|SHLVL|_|OLDPWD)=/;
    const variables = stdout.split('\0').filter((variable) => variable && !shellsOwn.test(variable));
    expect(variables.sort()).toEqual([
      'AWS_SSM_INSTANCE_ID=i-0123456789abcdef0',
      'AWS_SSM_PLATFORM_NAME=Debian GNU/Linux',
      'AWS_SSM_PLATFORM_VERSION=12',
      'AWS_SSM_REGION_NAME=eu-central-1',
      'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      'SSM_COMMAND_ID=the-command',
      `SSM_value=${value}`,
    ]);
  });

  it('is a file of root’s alone, and is started by its shebang or else by sh', async () => {
    const look = 'stat -c "%a %U" "$0"; basename "$0"; echo "$BASH_VERSION" | cut -c1';
    expect((await runOn(host, `#!/bin/bash\n${look}`)).stdout).toBe('700 root\n_script.sh\n5\n');
    expect((await runOn(host, look)).stdout).toBe('700 root\n_script.sh\n\n');
  });

  it('reads nothing from stdin, and has umask 0022 and a process group of its own', async () => {
    const { stdout } = await runOn(host, 'cat; umask; ps -o args= "$(ps -o pgid= $$ | tr -d " ")"');
    expect(stdout).toMatch(/^0022\nsh -c .*\/_script.sh\n$/);
  });

  it('belongs to the agent’s service', async () => {
    expect(
      (await runOn(host, 'grep -c /system.slice/amazon-ssm-agent.service /proc/self/cgroup')).stdout,
    ).not.toBe('0\n');
  });

  it.each([0, 1, 168, 169, 194])('gives back exit code %i', async (exitCode) => {
    const result = await runOn(host, `echo said; echo warned >&2; exit ${exitCode}`);
    expect(result).toEqual({ exitCode, timedOut: false, stdout: 'said\n', stderr: 'warned\n' });
  });

  it('counts as timed out when it returns 137 itself', async () => {
    expect(await runOn(host, 'exit 137')).toMatchObject({ exitCode: 137, timedOut: true });
  });

  it('is killed with its whole group when its time is up, but not what left the group', async () => {
    const script = 'echo begun; sleep 1001 & setsid sleep 1002 >/dev/null 2>&1 & sleep 1003';
    const result = await runOn(host, script, { timeoutSeconds: 0.5 });
    expect(result).toMatchObject({ exitCode: 137, timedOut: true, stdout: 'begun\n' });
    expect((await runOn(host, 'ps -eo args= | grep "^sleep 100"')).stdout).toBe('sleep 1002\n');
  });

  it('is killed when it has ended but a background child of its holds its output', async () => {
    const result = await runOn(host, 'sleep 1004 & exit 0', { timeoutSeconds: 0.5 });
    expect(result).toMatchObject({ exitCode: 137, timedOut: true });
  });

  it('is killed by somebody else with its whole group, which the agent tells from its own kill', async () => {
    const scripts: RunningScript[] = [];
    const unsubscribe = host.onScript((script) => void scripts.push(script));
    const result = runOn(host, 'echo begun; sleep 1006 & sleep 1007');
    await expect.poll(() => host.exec(['ps', '-eo', 'args='])).toContain('sleep 1007');
    unsubscribe();
    expect(scripts.map(({ run }) => run.stepName)).toEqual(['step']);
    await scripts[0]!.kill();
    expect(await result).toMatchObject({
      exitCode: -1,
      timedOut: false,
      signal: 'SIGKILL',
      stdout: 'begun\n',
    });
    await scripts[0]!.ended;
    expect((await runOn(host, 'ps -eo args= | grep "^sleep 100[67]"')).stdout).toBe('');
    expect(scripts).toHaveLength(1);
  });

  it('is finished only when its output is closed', async () => {
    expect((await runOn(host, '(sleep 0.3; echo late) & echo early')).stdout).toBe('early\nlate\n');
  });

  it('hears nothing of AWS while its host is cut off, also across a reboot, but others reach the host', async () => {
    const aws = createServer((_, response) => response.end('here'));
    await once(aws.listen(443, host.gatewayAddress), 'listening');
    const ask = () => runOn(host, `curl -sS -m 1 http://${host.gatewayAddress}:443/`);
    const answersOthers = async () => {
      const serve = `my $s = IO::Socket::INET->new(LocalPort => 80, Listen => 1, ReuseAddr => 1) or die; print "up\\n"; $s->accept`;
      const serving = runOn(host, `perl -MIO::Socket::INET -e '$| = 1; ${serve}'`);
      await expect
        .poll(() => once(connect(80, host.address).end(), 'connect').then(() => 'connected', String))
        .toBe('connected');
      expect((await serving).stdout).toBe('up\n');
    };
    expect((await ask()).stdout).toBe('here');
    const reach: boolean[] = [];
    host.onReach((reaches) => void reach.push(reaches));
    const mend = await host.cutFromAws();
    expect(await ask()).toMatchObject({ exitCode: 28, stderr: expect.stringContaining('timed out') });
    await answersOthers();
    await host.reboot();
    expect((await ask()).exitCode).toBe(28);
    expect(reach).not.toContain(true);
    await mend();
    expect((await ask()).stdout).toBe('here');
    expect(reach.at(-1)).toBe(true);
    aws.close();
  });

  it('is lost with its host, which then refuses others until it is up again', async () => {
    const reach: boolean[] = [];
    host.onReach((reaches) => void reach.push(reaches));
    const lost = expect(runOn(host, 'sleep 1005')).rejects.toBeInstanceOf(HostDownError);
    await expect.poll(() => host.exec(['ps', '-eo', 'args='])).toContain('sleep 1005');
    await host.kill();
    await lost;
    await expect(runOn(host, 'true')).rejects.toBeInstanceOf(HostDownError);
    const booting = host.boot();
    expect(host.isBooting).toBe(true);
    expect(reach).toEqual([false]);
    await booting;
    expect(host.isBooting).toBe(false);
    expect(reach).toEqual([false, true]);
    expect((await runOn(host, 'true')).exitCode).toBe(0);
  });
});
