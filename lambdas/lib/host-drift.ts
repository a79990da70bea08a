import type { Finding } from '../../contracts/finding.ts';
import type { Judgement } from './judge.ts';
import type { CurrentRelease } from './ledger.ts';

type Current = Pick<CurrentRelease, 'buildVersion' | 'digest' | 'deploymentId'>;

/** Of what inspect says, that by which a host is judged. */
interface HostFacts {
  readonly missing: readonly string[];
  readonly liveSlot: string;
  readonly liveDigest: string;
  readonly liveDeployment: string;
  readonly liveRunning: boolean;
  readonly idleRunning: boolean;
  readonly serving: string;
  readonly servingStatus: number;
  readonly nginxConfigValid: boolean;
}

/** How a host that was looked at differs from the current release; nothing, if it serves it. */
export function findDrift(
  host: string,
  judgement: Exclude<Judgement, { verdict: 'pending' }>,
  current: Current,
): Finding[] {
  if (judgement.verdict === 'failure')
    return [{ finding: 'host-unreadable', host, says: judgement.cause.replace(prefixOf(host), '') }];
  const receipt = judgement.receipts[host];
  const facts = (receipt && 'facts' in receipt ? receipt.facts : {}) as unknown as HostFacts;
  const drift = [serving(facts, current), stray(facts), nginx(facts)];
  return drift.flatMap((one) => (one ? [{ ...one, host }] : []));
}

/** A cause names the phase and the host; of a finding both are known. */
const prefixOf = (host: string) => `inspect on 1 of 1 hosts: ${host}: `;

/** Not the right container, or the right one that nobody reaches: one or the other. */
function serving(facts: HostFacts, current: Current): Finding | undefined {
  if (isBehind(facts, current)) return { finding: 'host-behind', says: describeBehind(facts, current) };
  const { liveSlot, liveRunning, servingStatus } = facts;
  if (liveRunning && facts.serving === liveSlot && servingStatus === 200) return undefined;
  const container = liveRunning ? 'runs' : 'does not run';
  const says = `its container on ${liveSlot} ${container}; port 80 answers the health path from ${facts.serving} with ${servingStatus}`;
  return { finding: 'host-not-serving', says };
}

/**
 * A container of the same release by an older deployment has that one's environment. Newer deployments of the same release are
 * catch-ups, after which the release is as current as before.
 */
const isBehind = ({ liveDigest, liveDeployment }: HostFacts, { digest, deploymentId }: Current) =>
  liveDigest !== digest || fenceOf(liveDeployment) < fenceOf(deploymentId);

const fenceOf = (deploymentId: string) => Number(/-([0-9]+)$/.exec(deploymentId)?.[1] ?? 0);

function describeBehind({ liveDigest, liveDeployment, missing }: HostFacts, current: Current): string {
  const live = liveDigest
    ? `${short(liveDigest)} by ${liveDeployment || 'nobody known'} is live`
    : 'nothing is live';
  const lacks = missing.length > 0 ? `; it lacks: ${missing.join(', ')}` : '';
  return `${live}, and ${current.buildVersion} (${short(current.digest)}) by ${current.deploymentId} is current${lacks}`;
}

const short = (digest: string) => digest.slice(0, 'sha256:'.length + 12);

const stray = ({ idleRunning, liveSlot }: HostFacts): Finding | undefined =>
  idleRunning
    ? { finding: 'stray-candidate', says: `a container runs on a slot beside the live one, ${liveSlot}` }
    : undefined;

const nginx = ({ nginxConfigValid }: HostFacts): Finding | undefined =>
  nginxConfigValid
    ? undefined
    : { finding: 'nginx-would-not-start', says: 'Nginx refuses its configuration on disk: see nginx -t' };
