import { createAgent, type Agent } from '../agent/agent.ts';
import type { DeployedStack } from '../assembly-types.ts';
import type { Clock } from '../clock.ts';
import type { RehearsalHost } from '../host/host.ts';
import type { EventSink } from './event-bus.ts';
import { list, refuseOthers, text } from './input.ts';
import { refuse, type WireService } from './service.ts';
import { describeCommand, type Command } from './ssm-command.ts';
import { Dispatcher, type DeliveryFate } from './ssm-dispatch.ts';
import { DocumentStore } from './ssm-documents.ts';
import { StatusEvents, type EventFate, type StatusEvent } from './ssm-events.ts';
import { CommandHistory } from './ssm-history.ts';
import { describeInstances } from './ssm-instances.ts';
import { ParameterStore } from './ssm-parameters.ts';
import { ssmPermissions } from './ssm-permissions.ts';
import { makeCommand } from './ssm-send.ts';

export interface SsmOptions {
  readonly stack: DeployedStack;
  readonly hosts: readonly RehearsalHost[];
  readonly clock: Clock;
  readonly events: EventSink;
  /** What goes wrong, asked for each delivery and each event. */
  readonly faults?: SsmFaults;
  /** GetCommandInvocation does not know a command before that. */
  readonly visibleAfterMs?: number;
}

export interface SsmFaults {
  delivery?(command: Command, instanceId: string): DeliveryFate | undefined;
  event?(event: StatusEvent): EventFate | undefined;
}

export interface SsmService extends WireService {
  readonly documents: DocumentStore;
  readonly parameters: ParameterStore;
  /** By instance id: take one offline, give it an old version, kill it. */
  readonly agents: ReadonlyMap<string, Agent>;
  readonly commands: readonly Command[];
  /** Whether something on a real host is under way. */
  readonly isBusy: boolean;
  addHost(host: RehearsalHost): void;
  removeHost(instanceId: string): void;
  /** Ends every timer. */
  close(): void;
}

export const createSsm = (options: SsmOptions): SsmService => new RehearsalSsm(options);

type Input = Record<string, unknown>;

class RehearsalSsm implements SsmService {
  readonly name = 'ssm';
  readonly documents = new DocumentStore();
  readonly parameters: ParameterStore;
  readonly agents = new Map<string, Agent>();
  readonly commands: Command[] = [];
  readonly #history: CommandHistory;
  readonly #options: SsmOptions;
  readonly #dispatcher: Dispatcher;
  readonly #actions: Readonly<Record<string, (input: Input) => unknown>>;

  constructor(options: SsmOptions) {
    const { stack, clock, events, faults = {} } = options;
    this.#options = options;
    this.documents.deploy(stack);
    this.#history = new CommandHistory(this.commands, clock, options.visibleAfterMs ?? 100);
    const arn = (service: string, rest: string) =>
      `arn:aws:${service}:${stack.region}:${stack.account}:${rest}`;
    this.parameters = new ParameterStore((name) => arn('ssm', `parameter/${name.replace(/^\//, '')}`));
    this.parameters.deploy(stack);
    for (const host of options.hosts) this.addHost(host);
    this.#dispatcher = new Dispatcher({
      clock,
      agents: this.agents,
      events: new StatusEvents(events, clock, (event) => faults.event?.(event)),
      instanceArn: (id) => arn('ec2', `instance/${id}`),
      fateOf: (command, id) => faults.delivery?.(command, id),
    });
    this.#actions = {
      SendCommand: (input) => this.#send(input),
      ListCommands: (input) => this.#history.listCommands(input),
      ListCommandInvocations: (input) => this.#history.listInvocations(input),
      GetCommandInvocation: (input) => this.#history.getInvocation(input),
      CancelCommand: (input) => this.#cancel(input),
      DescribeInstanceInformation: (input) => describeInstances(input, this.agents, clock),
      DescribeDocument: (input) => this.documents.describe(input),
      ListDocuments: (input) => this.documents.list(input),
      GetParameter: (input) => this.parameters.getParameter(input),
      GetParameters: (input) => this.parameters.getParameters(input),
      GetParametersByPath: (input) => this.parameters.getParametersByPath(input),
    };
  }

  async handle(action: string, input: Input): Promise<unknown> {
    return (this.#actions[action] ?? (() => refuse('ssm', action)))(input);
  }

  permissions(action: string, input: Input) {
    const tagsOf = (id: string) => this.agents.get(id)?.host.tags ?? {};
    return ssmPermissions(action, input, this.#options.stack, tagsOf);
  }

  addHost(host: RehearsalHost): void {
    this.agents.set(host.instanceId, createAgent(host, this.#options.clock));
  }

  get isBusy(): boolean {
    return [...this.agents.values()].some((agent) => agent.isBusy);
  }

  removeHost(instanceId: string): void {
    this.agents.delete(instanceId);
  }

  close(): void {
    this.#dispatcher.close();
  }

  #send(input: Input): unknown {
    const command = makeCommand(input, this.documents, this.agents, this.#options.clock);
    this.commands.push(command);
    const Command = describeCommand(command);
    // The caller has its answer before anything happens, as over the network.
    this.#options.clock.after(0, () => this.#dispatcher.dispatch(command));
    return { Command };
  }

  #cancel(input: Input): unknown {
    refuseOthers('CancelCommand', input, ['CommandId', 'InstanceIds']);
    const [command] = this.#history.matching({ CommandId: text(input, 'CommandId') });
    if (command) this.#dispatcher.cancel(command, list(input, 'InstanceIds'));
    return {};
  }
}
