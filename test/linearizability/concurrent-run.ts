/**
 * Clients that use one object concurrently, in one thread: whose turn it is comes from a seed. An operation is invoked in
 * one turn, has its effect in a later one and returns in a third; so the history is linearizable, unless a fault is asked
 * for.
 */
import type { Operation } from './operation.js';
import type { Input, Subject, Workload } from './subjects.js';

/** Ways of being wrong. */
export const FAULTS = [
  'stale reads',
  'lost updates',
  'double execution',
  'acknowledged before the effect',
  'reported as failed but done',
  'split brain',
  'lost after a restart',
] as const;
export type Fault = (typeof FAULTS)[number];

export interface ConcurrentRun {
  readonly workload: Workload;
  readonly clients: number;
  readonly operations: number;
  readonly random: () => number;
  /** Which share of the operations ends without an answer, with or without an effect. */
  readonly unknownShare?: number;
  readonly fault?: Fault;
}

interface Underway {
  readonly process: number;
  readonly command: string;
  readonly input: Input;
  readonly invoked: number;
  readonly line: number;
  /** What lost updates are made on. */
  copy: Subject | null;
  done: boolean;
  output: unknown;
}

/** How often a fault shows. */
const FAULT_SHARE = 0.3;

class Running {
  readonly #run: ConcurrentRun;
  readonly #operations: Operation[] = [];
  readonly #underway: (Underway | null)[];
  #subject: Subject;
  /** An old state, from which stale reads are answered and to which a restart returns. */
  #old: Subject;
  /** The other half of a split brain. */
  #other: Subject | null = null;
  #late: Underway[] = [];
  #time = 0;
  #invoked = 0;
  #processes: number;

  constructor(run: ConcurrentRun) {
    this.#run = run;
    this.#subject = run.workload.subject();
    this.#old = this.#subject.copy();
    this.#underway = new Array<Underway | null>(run.clients).fill(null);
    this.#processes = run.clients;
  }

  finish(): Operation[] {
    const { clients, operations, random } = this.#run;
    while (this.#operations.length < operations) {
      this.#time++;
      this.#takeTurn(Math.floor(random() * clients));
      if (random() < 0.05) this.#disturb();
    }
    return this.#operations;
  }

  #takeTurn(client: number): void {
    const { random, workload, operations, unknownShare = 0 } = this.#run;
    const current = this.#underway[client] ?? null;
    if (current === null) {
      if (this.#invoked === operations) return;
      const [command, input] = workload.next(random, this.#invoked++);
      const line = this.#invoked;
      const known = { process: client, command, input, invoked: this.#time, line };
      this.#underway[client] = { ...known, copy: null, done: false, output: null };
    } else if (random() < unknownShare / 2) {
      this.#end(client, current, 'info');
    } else if (!current.done) {
      this.#execute(current, client);
    } else {
      const failed = this.#shows('reported as failed but done') && random() < FAULT_SHARE;
      this.#end(client, current, failed ? 'fail' : 'ok');
    }
  }

  #execute(current: Underway, client: number): void {
    const { random, workload } = this.#run;
    const { command, input } = current;
    const reads = workload.readOnly.has(command);
    const subject = this.#other !== null && client % 2 === 1 ? this.#other : this.#subject;
    if (this.#shows('lost updates') && !reads && current.copy === null) {
      current.copy = subject.copy();
      return;
    }
    current.done = true;
    if (current.copy !== null) {
      current.output = current.copy.apply(command, input);
      this.#subject = current.copy;
    } else if (this.#shows('stale reads') && reads && random() < FAULT_SHARE) {
      current.output = this.#old.copy().apply(command, input);
    } else if (this.#shows('acknowledged before the effect') && !reads) {
      // What it will return is told from a copy: it may turn out otherwise.
      current.output = subject.copy().apply(command, input);
      this.#late.push(current);
    } else {
      current.output = subject.apply(command, input);
      if (this.#shows('double execution') && random() < FAULT_SHARE) subject.apply(command, input);
    }
  }

  #disturb(): void {
    if (this.#shows('lost after a restart') && this.#run.random() < FAULT_SHARE) this.#subject = this.#old;
    this.#other = this.#shows('split brain') && this.#other === null ? this.#subject.copy() : null;
    this.#old = this.#subject.copy();
    for (const { command, input } of this.#late) this.#subject.apply(command, input);
    this.#late = [];
  }

  #end(client: number, current: Underway, outcome: Operation['outcome']): void {
    const { process, command, input, invoked, output, line } = current;
    const ok = outcome === 'ok';
    this.#operations.push({
      ...{ process, command, input, invoked, line, outcome },
      output: ok ? output : undefined,
      returned: ok ? this.#time : Infinity,
    });
    this.#underway[client] = null;
    // It may still have its effect, later.
    if (outcome === 'info' && !current.done && this.#run.random() < 0.5)
      this.#late.push({ ...current, process: this.#processes++ });
  }

  #shows(fault: Fault): boolean {
    return this.#run.fault === fault;
  }
}

export function runConcurrently(run: ConcurrentRun): Operation[] {
  return new Running(run).finish();
}
