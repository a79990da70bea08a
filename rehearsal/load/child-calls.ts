/** Calls from a process to its child over the IPC channel, and what comes back. */
export interface Call {
  readonly id: number;
  readonly name: string;
  readonly input: unknown;
}

export type Reply = { readonly id: number } & ({ readonly output: unknown } | { readonly error: string });

export type CallHandlers = Readonly<Record<string, (input: never) => unknown>>;

/** Serves the parent's calls until the parent is gone, and never outlives it. */
export function serveCalls(handlers: CallHandlers): void {
  process.on('disconnect', () => process.exit(0));
  process.on('SIGINT', () => {}); // Ctrl-C reaches the whole group: the parent decides what becomes of its child
  process.on('message', (call: Call) => void reply(handlers, call));
}

async function reply(handlers: CallHandlers, { id, name, input }: Call): Promise<void> {
  try {
    const handler = handlers[name];
    if (!handler) throw new Error(`this process serves no call ${name}`);
    const output = await handler(input as never);
    process.send!({ id, output } satisfies Reply);
  } catch (error) {
    process.send!({ id, error: error instanceof Error ? error.message : String(error) } satisfies Reply);
  }
}
