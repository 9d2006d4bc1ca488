/** The processes of a local cluster: started together, watched, stopped together. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export interface LocalClusterOptions {
  readonly file: string;
  readonly ids: readonly number[];
  /** Arguments of node that run `psmr`. */
  readonly program: readonly string[];
  /** What a replica says, line by line; and its end. */
  readonly heard: (id: number, line: string) => void;
  readonly stopMs?: number;
}

export interface LocalReplica {
  readonly id: number;
  readonly pid: number;
  readonly running: boolean;
}

const STOP_MS = 10_000;

export class LocalCluster {
  readonly #options: LocalClusterOptions;
  readonly #children = new Map<number, ChildProcess>();
  readonly #ends: Promise<unknown>[] = [];

  constructor(options: LocalClusterOptions) {
    this.#options = options;
    for (const id of options.ids) this.#start(id);
  }

  get replicas(): LocalReplica[] {
    return [...this.#children].map(([id, child]) => ({ id, pid: child.pid ?? 0, running: isRunning(child) }));
  }

  /** Resolves when none is left. */
  get ended(): Promise<unknown> {
    return Promise.all(this.#ends);
  }

  /** Asks all to stop; ends those that do not. */
  async stop(): Promise<void> {
    this.#signal('SIGTERM');
    const deadline = setTimeout(() => this.#signal('SIGKILL'), this.#options.stopMs ?? STOP_MS);
    await this.ended;
    clearTimeout(deadline);
  }

  #start(id: number): void {
    const { file, program, heard } = this.#options;
    const args = [...program, 'replica', '--config', file, '--id', String(id), '--stop-with-stdin'];
    // In a group of its own: a terminal's Ctrl-C is for the one who started them, who then stops them in good order.
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'pipe'], detached: true });
    this.#children.set(id, child);
    for (const stream of [child.stdout, child.stderr])
      createInterface({ input: stream }).on('line', (line) => heard(id, line));
    child.stdin.on('error', () => undefined);
    child.on('error', (error) => heard(id, `cannot be started: ${error.message}`));
    const end = once(child, 'close').then(() => {
      const { exitCode, signalCode } = child;
      heard(id, `ended${signalCode === null ? ` with exit code ${exitCode ?? 0}` : ` by ${signalCode}`}`);
    });
    this.#ends.push(end.catch(() => undefined));
  }

  #signal(signal: NodeJS.Signals): void {
    for (const child of this.#children.values()) if (isRunning(child)) child.kill(signal);
  }
}

function isRunning(child: ChildProcess): boolean {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null;
}
