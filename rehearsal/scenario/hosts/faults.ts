import type { RehearsalHost } from '../../host/host.ts';
import type { RealHost } from '../../host/real/real-host.ts';
import { otherSlot } from '../../host/simulated/host-state.ts';
import type { SimulatedHost } from '../../host/simulated/simulated-host.ts';
import { lookAtHost } from '../../agreement/look-at-host.ts';
import type { Rehearsal } from '../../rehearsal.ts';

/** A program that is not ours listens where the next candidate would, on one host; the answer ends it. */
export async function takeIdlePort({ app }: Rehearsal, host: RehearsalHost): Promise<() => Promise<unknown>> {
  const { flag } = await lookAtHost(host, app);
  const port = app.slotPorts[flag === 'none' ? 'blue' : otherSlot(flag)];
  if (host.kind === 'simulated') {
    const { takenPorts } = (host as SimulatedHost).state;
    takenPorts.set(port, 'perl');
    return async () => takenPorts.delete(port);
  }
  const real = host as RealHost;
  const listen = `my $s = IO::Socket::INET->new(LocalPort => ${port}, Listen => 1, ReuseAddr => 1) or die $!; sleep`;
  await real.exec(['systemd-run', '--quiet', '--unit=squatter', 'perl', '-MIO::Socket::INET', '-e', listen]);
  await real.exec(['bash', '-c', `until ss -Hltn sport = :${port} | grep -q .; do sleep 0.05; done`]);
  return () => real.exec(['systemctl', 'stop', 'squatter']);
}

/** The container that has just taken traffic on one host is killed while it is watched. */
export function killUnderTraffic(host: RehearsalHost, buildVersion: string): void {
  if (host.kind === 'simulated')
    return (host as SimulatedHost).faults.add('bake', { kind: 'fail', failure: 'candidate-died' });
  const real = host as RealHost;
  const kill = `docker kill $(docker ps --quiet --filter label=edgepaas.build-version=${buildVersion})`;
  const forget = real.onScript(({ run }) => {
    if (run.stepName !== 'bake') return;
    forget();
    void real.exec(['bash', '-c', kill]);
  });
}
