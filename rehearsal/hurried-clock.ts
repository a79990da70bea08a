import type { Clock } from './clock.ts';

interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

/** Node's timers overflow past this and would fire at once. */
const longestTimer = 2 ** 31 - 1;
/** What goes from one process to another is for a moment nobody's work: idle is what stays idle for so many looks. */
const looks = 3;
const lookMs = 5;

/** This machine's clock, which can be put ahead: whoever waits by it waits less. It never goes back. */
export class HurriedClock implements Clock {
  #ahead = 0;
  readonly #timers = new Set<Timer>();
  #alarm: NodeJS.Timeout | undefined;

  now = (): number => Date.now() + this.#ahead;

  after(milliseconds: number, callback: () => void): () => void {
    const timer = { at: this.now() + milliseconds, callback };
    this.#timers.add(timer);
    this.#setAlarm();
    return () => {
      this.#timers.delete(timer);
      this.#setAlarm();
    };
  }

  /** Puts the clock ahead. What is due meanwhile happens in its order, each once it is idle again after the one before. */
  async skip(milliseconds: number, isIdle: () => boolean = () => true): Promise<void> {
    const end = this.now() + milliseconds;
    for (let next = this.#next(); next && next.at <= end; next = this.#next()) {
      this.#goTo(next.at);
      await idle(isIdle, pause);
    }
    this.#goTo(end);
  }

  /** From now on jumps to whatever is due next, whenever nothing is at work. The answer ends that. */
  hurry(isIdle: () => boolean): () => void {
    let isOver = false;
    const jump = async () => {
      while (!isOver) {
        await idle(() => isOver || (this.#timers.size > 0 && isIdle()), pauseUnheld);
        const next = isOver ? undefined : this.#next();
        if (next) this.#goTo(next.at);
      }
    };
    void jump();
    return () => void (isOver = true);
  }

  #goTo(time: number): void {
    this.#ahead = Math.max(this.#ahead, time - Date.now());
    this.#ring();
  }

  #ring(): void {
    for (let next = this.#next(); next && next.at <= this.now(); next = this.#next()) {
      this.#timers.delete(next);
      next.callback();
    }
    this.#setAlarm();
  }

  #setAlarm(): void {
    clearTimeout(this.#alarm);
    const next = this.#next();
    if (!next) return;
    const wait = Math.max(0, next.at - this.now());
    this.#alarm = setTimeout(() => this.#ring(), Math.min(wait, longestTimer));
  }

  #next(): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) if (!next || timer.at < next.at) next = timer;
    return next;
  }
}

const pause = (resolve: () => void) => void setTimeout(resolve, lookMs);
/** Keeps no process alive that has nothing else to wait for. */
const pauseUnheld = (resolve: () => void) => void setTimeout(resolve, lookMs).unref();

async function idle(isIdle: () => boolean, wait: typeof pause): Promise<void> {
  for (let still = 0; still < looks; still = isIdle() ? still + 1 : 0) await new Promise<void>(wait);
}
