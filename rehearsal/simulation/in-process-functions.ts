import type { AppSettings } from '../../contracts/app-settings.ts';
import type { DeploymentRequest } from '../../contracts/request.ts';
import { acceptRequest, type AcceptInput } from '../../lambdas/accept-request.ts';
import { acquireLease } from '../../lambdas/acquire-lease.ts';
import { checkHosts } from '../../lambdas/check-hosts.ts';
import { closeDeployment, type CloseInput } from '../../lambdas/close-deployment.ts';
import { closeExecution, type ExecutionStatusEvent } from '../../lambdas/close-execution.ts';
import { commitRelease } from '../../lambdas/commit-release.ts';
import { findHosts, type FindInput } from '../../lambdas/find-hosts.ts';
import {
  judgeBakes,
  judgePhase,
  type AlarmStateEvent,
  type CommandStatusEvent,
} from '../../lambdas/judge-phase.ts';
import { changeHold } from '../../lambdas/lib/hold.ts';
import type { Ledger } from '../../lambdas/lib/ledger.ts';
import { resolveImage, type ResolveInput } from '../../lambdas/resolve-image.ts';
import { runPhase, type RunPhaseInput } from '../../lambdas/run-phase.ts';
import { sweep } from '../../lambdas/sweep.ts';
import { pascalCase } from '../../lib/handler-name.ts';
import type { DeploymentPlan } from '../../contracts/plan.ts';
import type { DeployedStack } from '../assembly-types.ts';
import { AwsError } from '../aws/service.ts';
import { AsyncInvocations } from '../lambda/async-invocations.ts';
import { readFunctions, type FunctionConfig } from '../lambda/function-config.ts';
import type { InvocationAnswer } from '../lambda/invocation.ts';
import type { Clients } from './in-process-clients.ts';
import type { SimulatedTime } from './simulated-time.ts';

/** What happens to one invocation of a function. */
export type FunctionFault =
  /** Lambda takes no more of them just now. */
  | 'throttled'
  /** Its process ends before it has done anything, or when it has done everything. */
  | 'crashes-before'
  | 'crashes-after';

export interface FunctionsOptions {
  readonly stack: DeployedStack;
  readonly apps: AppSettings[];
  readonly registry: string;
  readonly ledger: Ledger;
  readonly clients: Clients;
  readonly time: SimulatedTime;
  readonly fault?: (handler: string) => FunctionFault | undefined;
}

type Handler = (event: never) => Promise<unknown>;

/** The Lambdas as functions of this process: what they decide and do is theirs, only the process is not their own. */
export class InProcessFunctions {
  readonly #byName: ReadonlyMap<string, FunctionConfig & { readonly handlerName: string }>;
  readonly #handlers: Readonly<Record<string, Handler>>;
  readonly #options: FunctionsOptions;
  readonly #async: AsyncInvocations;

  constructor(options: FunctionsOptions) {
    this.#options = options;
    this.#handlers = handlersOf(options);
    const functions = readFunctions(options.stack).map((config) => {
      Object.assign(process.env, config.environment);
      const handlerName = Object.keys(this.#handlers).find((name) =>
        config.logicalId.includes(`${pascalCase(name)}Function`),
      );
      return { ...config, handlerName: handlerName ?? config.logicalId };
    });
    this.#byName = new Map(functions.flatMap((one) => [one.name, one.arn].map((key) => [key, one])));
    this.#async = new AsyncInvocations(options.stack, options.time, this.invoke);
  }

  functionArn = (nameOrArn: string): string => this.#find(nameOrArn).arn;

  invoke = (nameOrArn: string, payload: string): Promise<InvocationAnswer> =>
    this.#options.time.track(this.#invoke(this.#find(nameOrArn).handlerName, payload));

  invokeAsync = (nameOrArn: string, payload: string): void =>
    void this.#async.deliver(this.#find(nameOrArn), payload);

  close = (): void => this.#async.close();

  async #invoke(name: string, payload: string): Promise<InvocationAnswer> {
    const handler = this.#handlers[name];
    if (!handler) throw new Error(`the simulation has no function ${name}`);
    const fault = this.#options.fault?.(name);
    if (fault === 'throttled') throw new AwsError('TooManyRequestsException', 'Rate Exceeded.', 429);
    if (fault === 'crashes-before') return crashed;
    const answer = await this.#answer(handler, payload);
    return fault === 'crashes-after' ? crashed : answer;
  }

  async #answer(handler: Handler, payload: string): Promise<InvocationAnswer> {
    try {
      return answered(await handler(JSON.parse(payload) as never));
    } catch (error) {
      const { name: errorType, message: errorMessage } = error as Error;
      return { ...answered({ errorType, errorMessage }), functionError: 'Unhandled' };
    }
  }

  #find(nameOrArn: string) {
    const found = this.#byName.get(nameOrArn.replace(/:\$LATEST$/, ''));
    if (found) return found;
    throw new AwsError('ResourceNotFoundException', `Function not found: ${nameOrArn}`, 404);
  }
}

const answered = (value: unknown): InvocationAnswer => ({
  statusCode: 200,
  executedVersion: '$LATEST',
  requestId: 'simulated',
  payload: JSON.stringify(value ?? null),
});

const crashed: InvocationAnswer = {
  ...answered({ errorType: 'Runtime.ExitError', errorMessage: 'RequestId: simulated Error: it exited' }),
  functionError: 'Unhandled',
};

/** As the handlers at the end of each file in lambdas/ are. */
function handlersOf({ apps, registry, ledger, clients }: FunctionsOptions): Record<string, Handler> {
  const { cloudwatch, ec2, ecr, sfn, ssm } = clients;
  return {
    'accept-request': async (event: AcceptInput) => ({ request: acceptRequest(event, apps) }),
    'acquire-lease': async ({ request }: { request: DeploymentRequest }) =>
      request.hold === undefined ? acquireLease(request, ledger, sfn) : changeHold(request, ledger),
    'resolve-image': async ({ request, lease }: ResolveInput) => ({
      request,
      lease,
      image: await resolveImage(request, apps, ecr, registry),
    }),
    'find-hosts': async (input: FindInput) => ({
      request: input.request,
      lease: input.lease,
      plan: await findHosts(input, apps, { cloudwatch, ec2, ssm, ledger }),
    }),
    'run-phase': async (input: RunPhaseInput) => runPhase(input, { ledger, ssm, sfn }),
    'judge-phase': async (event: CommandStatusEvent | AlarmStateEvent) =>
      'alarmName' in event.detail
        ? judgeBakes(event as AlarmStateEvent, { cloudwatch, ledger, ssm, sfn })
        : judgePhase(event as CommandStatusEvent, { cloudwatch, ledger, ssm, sfn }),
    'commit-release': async ({ plan }: { plan: DeploymentPlan }) => commitRelease(plan, ledger),
    'close-deployment': async (input: CloseInput) => closeDeployment(input, ledger),
    'close-execution': async (event: ExecutionStatusEvent) => closeExecution(event, ledger, sfn),
    'check-hosts': async () => {
      const { errors } = await checkHosts(apps, { ec2, ssm, sfn, ledger });
      if (errors.length > 0) throw new Error(errors.join('; '));
    },
    sweep: async () => {
      const { errors } = await sweep({ cloudwatch, ledger, ssm, sfn });
      if (errors.length > 0) throw new Error(errors.join('; '));
    },
  };
}
