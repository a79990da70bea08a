import { afterAll, beforeAll, beforeEach } from 'vitest';
import type { DeploymentRequest } from '../../../contracts/request.ts';
import { acquireLease } from '../../../lambdas/acquire-lease.ts';
import { openAws, type AwsDouble } from './aws-double.ts';
import { openLedger, type LedgerFixture } from './ledger.ts';
import { sampleRequest } from './samples.ts';

export type World = AwsDouble & Pick<LedgerFixture, 'ledger' | 'client'>;

/** What the Lambdas talk to, new for each test: a ledger with nothing in it, and AWS at the wire. */
export function useWorld(): World {
  const world = {} as World;
  const opened: { close(): Promise<void> }[] = [];
  const closeAll = () => Promise.all(opened.splice(0).map((one) => one.close()));
  beforeAll(() => void (process.env.STATE_MACHINE_ARN = 'arn:machine'));
  beforeEach(async () => {
    await closeAll();
    const [aws, table] = await Promise.all([openAws(), openLedger()]);
    opened.push(aws, table);
    Object.assign(world, aws, table);
  });
  afterAll(closeAll);
  return world;
}

let count = 0;

/** Executions of one app, one newer than the other, each running until it is said to have ended. */
export function makeExecutions(world: World) {
  const start = (overrides: Partial<DeploymentRequest> = {}): DeploymentRequest => {
    count += 1;
    const executionArn = `arn:execution:${count}`;
    world.statesDouble.statuses.set(executionArn, 'RUNNING');
    const at = new Date(Date.UTC(2026, 0, 1, 0, 0, count)).toISOString();
    return sampleRequest({ executionArn, eventId: `event-${count}`, order: `${at} ${at}`, ...overrides });
  };
  const closing = (closes: string) => start({ trigger: 'closing', closes, digest: undefined });
  const end = ({ executionArn }: DeploymentRequest, status = 'ABORTED') =>
    void world.statesDouble.statuses.set(executionArn, status);
  const acquire = (request: DeploymentRequest) => acquireLease(request, world.ledger, world.sfn);
  return { start, closing, end, acquire };
}

/** Name and message of what a promise rejects with. */
export async function failureOf(promise: Promise<unknown>): Promise<{ id: string; message: string }> {
  try {
    await promise;
  } catch (error) {
    return { id: (error as Error).name, message: (error as Error).message };
  }
  throw new Error('it did not fail');
}

type Write = (...parameters: never[]) => Promise<unknown>;

/** The process dies right after so many writes to the ledger, which happened. Call the answer to live again. */
export function dieAfterWrites({ ledger }: World, writes: number): () => void {
  const writers = ledger as unknown as Partial<Record<'update' | 'putIf', Write>>;
  let left = writes;
  const dying =
    (write: Write) =>
    async (...parameters: never[]) => {
      const written = await write(...parameters);
      left -= 1;
      if (left === 0) throw new Error('died');
      return written;
    };
  for (const name of ['update', 'putIf'] as const) writers[name] = dying(writers[name]!.bind(ledger));
  return () => {
    delete writers.update;
    delete writers.putIf;
  };
}
