import type { SecretMasker } from './secret-masker.ts';

/** What a step said by commands in its output, besides masks. */
export interface Annotation {
  readonly kind: string;
  readonly text: string;
}

/**
 * Takes commands out of a step's output, of stdout and stderr alike. Source: actions/runner, src/Runner.Worker/ActionCommandManager.cs,
 * src/Runner.Common/ActionCommand.cs (`::name::` at the beginning of a line, the older `##[name]` anywhere in it).
 */
export class OutputCommands {
  readonly annotations: Annotation[] = [];
  readonly #masker: SecretMasker;
  #stoppedBy: string | undefined;

  constructor(masker: SecretMasker) {
    this.#masker = masker;
  }

  take(line: string): void {
    const match =
      /^\s*::([a-z0-9-]+)(?: [^:]*)?::(.*)$/s.exec(line) ?? /##\[([a-z-]+)(?: [^\]]*)?\](.*)$/s.exec(line);
    if (!match) return;
    const [, name, data] = match as unknown as [string, string, string];
    if (this.#stoppedBy !== undefined) {
      if (name === this.#stoppedBy) this.#stoppedBy = undefined;
    } else if (name === 'stop-commands') {
      this.#stoppedBy = data;
    } else if (name === 'add-mask') {
      for (const one of unescape(data).split(/[\r\n]+/)) this.#masker.add(one);
    } else {
      this.annotations.push({ kind: name, text: unescape(data) });
    }
  }
}

const unescape = (text: string) =>
  text.replaceAll('%0D', '\r').replaceAll('%0A', '\n').replaceAll('%25', '%');
