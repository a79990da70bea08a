import { Failure } from '../../contracts/failure.ts';
import type { DeploymentRequest, Hold } from '../../contracts/request.ts';
import { appKey, type Ledger } from './ledger.ts';

/** In the ledger, at the app's `hold`. One that was lifted has neither `by` nor `reason`. */
interface HoldItem extends Partial<Hold> {
  readonly executionArn: string;
  readonly requestOrder: string;
  /** Epoch milliseconds. */
  readonly since: number;
}

/** Where the graph goes when there is nothing to deploy. */
export interface Noted {
  readonly request: DeploymentRequest;
  readonly way: 'none';
}

/** Sets or lifts a hold, unless a newer request has done so. A deployment that runs goes on; what has not taken the lease is refused. */
export async function changeHold(request: DeploymentRequest, ledger: Ledger): Promise<Noted> {
  const { app, hold, executionArn, order: requestOrder } = request;
  const item = { ...(hold || {}), executionArn, requestOrder, since: Date.now() };
  const condition = 'attribute_not_exists(requestOrder) OR requestOrder <= :order';
  await ledger.putIf(appKey(app, 'hold'), item, condition, { ':order': requestOrder });
  return { request, way: 'none' };
}

/** The hold that an app is on now. */
export async function readHold(app: string, ledger: Ledger): Promise<HoldItem | undefined> {
  const item = await ledger.get<HoldItem>(appKey(app, 'hold'));
  return item?.reason ? item : undefined;
}

/** Throws app-held, and writes down that this request was refused and by whose hold. */
export async function refuseHeld(request: DeploymentRequest, ledger: Ledger): Promise<void> {
  const held = await readHold(request.app, ledger);
  if (!held) return;
  const since = new Date(held.since).toISOString();
  const failure = new Failure(
    'app-held',
    `${request.app} is on hold by ${held.by} since ${since}: ${held.reason}. ` +
      `Lift it with {"app": "${request.app}", "hold": false}, then deploy again`,
  );
  await ledger.recordRefused(request, failure);
  throw failure;
}
