import type { Clock } from '../clock.ts';
import { optionalNumber, optionalText, page, refuseOthers, text } from './input.ts';
import { AwsError } from './service.ts';
import { describeCommand, type Command } from './ssm-command.ts';
import { describeInvocation, describeOutput } from './ssm-invocation.ts';

type Input = Record<string, unknown>;

/** What can be asked about commands that were sent, the latest first. */
export class CommandHistory {
  readonly #commands: readonly Command[];
  readonly #clock: Clock;
  readonly #visibleAfterMs: number;

  constructor(commands: readonly Command[], clock: Clock, visibleAfterMs: number) {
    this.#commands = commands;
    this.#clock = clock;
    this.#visibleAfterMs = visibleAfterMs;
  }

  listCommands(input: Input): unknown {
    refuseOthers('ListCommands', input, ['CommandId', 'InstanceId', 'MaxResults', 'NextToken']);
    const instanceId = optionalText(input, 'InstanceId');
    const commands = this.matching(input).filter(
      ({ invocations }) =>
        instanceId === undefined || invocations.some((invocation) => invocation.instanceId === instanceId),
    );
    const { items, NextToken } = paged(commands, input);
    return { Commands: items.map(describeCommand), NextToken };
  }

  listInvocations(input: Input): unknown {
    const known = ['CommandId', 'InstanceId', 'Details', 'MaxResults', 'NextToken'];
    refuseOthers('ListCommandInvocations', input, known);
    const instanceId = optionalText(input, 'InstanceId');
    const invocations = this.matching(input).flatMap((command) =>
      command.invocations
        .filter((invocation) => instanceId === undefined || invocation.instanceId === instanceId)
        .map((invocation) => ({ command, invocation })),
    );
    const { items, NextToken } = paged(invocations, input);
    const describe = ({ command, invocation }: (typeof items)[number]) =>
      describeInvocation(command, invocation, input.Details === true);
    return { CommandInvocations: items.map(describe), NextToken };
  }

  /** A command is unknown here for a moment after it was sent. */
  getInvocation(input: Input): unknown {
    refuseOthers('GetCommandInvocation', input, ['CommandId', 'InstanceId', 'PluginName']);
    const [command] = this.matching({ CommandId: text(input, 'CommandId') });
    const instance = text(input, 'InstanceId');
    const invocation = command?.invocations.find(({ instanceId }) => instanceId === instance);
    if (!command || !invocation || this.#clock.now() < command.requestedAt.getTime() + this.#visibleAfterMs)
      throw new AwsError('InvocationDoesNotExist', `The command has no invocation on ${instance}.`);
    const pluginName = optionalText(input, 'PluginName');
    if (pluginName && !command.stored.document.steps.some(({ name }) => name === pluginName))
      throw new AwsError('InvalidPluginName', `The plugin name ${pluginName} is not valid.`);
    return describeOutput(command, invocation, pluginName);
  }

  /** By CommandId, or all. */
  matching(input: Input): Command[] {
    const commandId = optionalText(input, 'CommandId');
    if (commandId === undefined) return [...this.#commands].reverse();
    if (!/^[0-9a-f-]{36}$/.test(commandId))
      throw new AwsError('InvalidCommandId', 'The specified command ID is not valid.');
    return this.#commands.filter((command) => command.commandId === commandId);
  }
}

const paged = <T>(items: readonly T[], input: Input) =>
  page(items, optionalText(input, 'NextToken'), optionalNumber(input, 'MaxResults') ?? 50);
