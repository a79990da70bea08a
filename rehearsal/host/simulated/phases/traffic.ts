import type { Container } from '../host-state.ts';
import { diedAt } from '../image-behaviour.ts';
import type { PhaseRun } from '../run.ts';

/** What Nginx's access log would say since this deployment's switch, from the host's constant rate of requests. */
export function countTraffic(run: PhaseRun): { requests: number; status5xx: number; status499: number } {
  const switched = run.state.switches.get(run.deploymentId);
  const container = switched && run.state.slots[switched.to];
  if (!switched || !container) return { requests: 0, status5xx: 0, status499: 0 };
  const requests = count(run, run.clock.now() - switched.at);
  return { requests, status5xx: Math.min(requests, failedOf(run, container, requests)), status499: 0 };
}

function failedOf(run: PhaseRun, container: Container, requests: number): number {
  const { errorRate = 0 } = run.behaviours.get(container.digest) ?? {};
  const deadMs = Math.max(0, run.clock.now() - diedAt(container, run.behaviours));
  return Math.ceil(requests * errorRate) + count(run, deadMs);
}

const count = ({ requestsPerSecond }: PhaseRun, milliseconds: number) =>
  Math.floor((requestsPerSecond * milliseconds) / 1000);
