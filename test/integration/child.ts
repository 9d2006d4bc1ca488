/** A program in a process of its own, that says one thing per line and can be killed. */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { programFile } from './compiled.js';

export class Child {
  readonly #process: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: AsyncIterator<string>;
  readonly exited: Promise<{ code: number | null; signal: string | null }>;

  /** `within`: a command that runs the command that follows it, in its own place, as `ip netns exec NAME` does. */
  constructor(program: string, options: unknown, within: readonly string[] = []) {
    const [command, ...args] = [...within, process.execPath, programFile(program), JSON.stringify(options)];
    this.#process = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#process.stdin.on('error', () => undefined);
    this.#lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
    this.exited = once(this.#process, 'exit').then(([code, signal]: (number | string | null)[]) => ({
      code: code as number | null,
      signal: signal as string | null,
    }));
  }

  /** The next line; null: it has no more to say. */
  async line(): Promise<string | null> {
    const next = await this.#lines.next();
    return next.done === true ? null : next.value;
  }

  /** The next line, which must be there, as JSON. */
  async json(): Promise<unknown> {
    const line = await this.line();
    if (line === null) throw new Error('the program ended without a word');
    return JSON.parse(line) as unknown;
  }

  say(line: string): void {
    this.#process.stdin.write(`${line}\n`);
  }

  async kill(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.exited;
  }

  /** Stops it where it is, as if its machine had hung, until it is resumed or killed. */
  async pause(): Promise<void> {
    this.#process.kill('SIGSTOP');
    await this.#until((state) => state === 'T');
  }

  async resume(): Promise<void> {
    this.#process.kill('SIGCONT');
    await this.#until((state) => state !== 'T');
  }

  /** Signals to another process take effect soon, not at once. */
  async #until(holds: (state: string | undefined) => boolean): Promise<void> {
    const end = performance.now() + 10_000;
    while (!holds(/^State:\s+(\w)/m.exec(this.#status())?.[1])) {
      if (performance.now() > end) throw new Error('it did not heed the signal within 10 s');
      await setTimeout(1);
    }
  }

  #status(): string {
    return readFileSync(`/proc/${this.#process.pid}/status`, 'utf8');
  }

  /** The most resident memory so far, MiB. */
  get peakMiB(): number {
    return Number(/VmHWM:\s+(\d+) kB/.exec(this.#status())?.[1]) / 1024;
  }
}
