import { EventEmitter } from 'node:events';
import { join } from 'node:path';
import { runCommand } from './run-command.ts';

/** Whether a host's agent reaches AWS: the host is up, and nobody has cut it off. */
export class Reach {
  readonly #changes = new EventEmitter<{ changed: [boolean] }>();
  #isUp = false;
  #isCut = false;

  get isUp(): boolean {
    return this.#isUp;
  }

  get isCut(): boolean {
    return this.#isCut;
  }

  onChange(listener: (reaches: boolean) => void): void {
    this.#changes.on('changed', listener);
  }

  setUp(isUp: boolean): void {
    this.#isUp = isUp;
    this.#tell();
  }

  setCut(isCut: boolean): void {
    this.#isCut = isCut;
    this.#tell();
  }

  #tell(): void {
    this.#changes.emit('changed', this.#isUp && !this.#isCut);
  }
}

/** Of a host by its PID 1. */
export async function cutOrMend(pid: number, what: 'cut' | 'mend'): Promise<void> {
  const script = join(import.meta.dirname, 'cut-from-aws.sh');
  await runCommand('nsenter', [`--net=/proc/${pid}/ns/net`, 'sh', script, what]);
}
