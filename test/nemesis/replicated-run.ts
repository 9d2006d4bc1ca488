/** Clients of replicated registers at work among faults, and what must hold when the faults are over. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type Client, type ConnectOptions } from 'psmr';
import { expect, onTestFinished } from 'vitest';
import { serviceUrl } from '../integration/compiled.js';
import { Replicas } from '../integration/replicas.js';
import type registersService from '../integration/services/registers.js';
import { checkHistory, HistoryFile, readHistory } from '../linearizability/history-file.js';
import { registers } from '../linearizability/models/registers.js';
import type { Operation } from '../linearizability/operation.js';
import { type AnyCommand, recordRun, type RunCounts, type RunOptions } from '../linearizability/record-run.js';
import { Recorder } from '../linearizability/recorder.js';
import { registerActs } from '../linearizability/register-acts.js';
import { type Fault, planFaults, runFaults } from './faults.js';
import type { FaultOptions } from './replica-faults.js';
import { ReplicaLinks } from './replica-links.js';

type Service = typeof registersService;

const STREAMS = 2;
const PLAN = { faultMs: [300, 2000], quietMs: [100, 500] } as const;
const KEYS = 12;
/** Then clients go on to other keys: the checker's work grows with what happens to the same ones. */
const ERA_MS = 2000;
/** So many turns write a key that is written once: what is lost there is not hidden by a later write. */
const MARKS = 0.1;
const MARK = 'mark/';
const LANES = 3;
const THINK_MAX_MS = 20;
/** What each client that waits long enough does when the faults are over. */
const AFTERWARDS = 50;
const READ_AT_ONCE = 50;
const CHECKPOINT_BYTES = 8192;
/** More than the default: on a busy machine most leaders are lost by what tests do. */
const ELECTION_MS = 500;
const STILL_MS = 1000;

/** Clients that wait for as long as it takes: all that they ask for gets an answer. */
const AS_LONG_AS_IT_TAKES_MS = 100_000;
const PATIENT = [
  { reads: 'leader', requestTimeoutMs: AS_LONG_AS_IT_TAKES_MS },
  { reads: 'any', requestTimeoutMs: AS_LONG_AS_IT_TAKES_MS },
  { reads: 'leader', requestTimeoutMs: AS_LONG_AS_IT_TAKES_MS, limits: { silenceMs: 200 } },
  { reads: 'any', requestTimeoutMs: AS_LONG_AS_IT_TAKES_MS, limits: { silenceMs: 200 } },
] as const;
/** Clients that give up early: what becomes of their commands then nobody knows. */
const HASTY = [
  { reads: 'leader', requestTimeoutMs: 500 },
  { reads: 'any', requestTimeoutMs: 500 },
] as const;

export interface RunPlan {
  readonly seed: number;
  readonly seconds: number;
  readonly reads: 'index' | 'lease';
  /** Faults of one list come one after another, those of several lists at the same time. */
  readonly faults: readonly (readonly ((options: FaultOptions) => Fault)[])[];
  /** Often, and logs are cut at once: who was away for a moment needs another's. */
  readonly checkpoints: boolean;
  /** Where the history is kept, also when all is well. Null: only when it is not. */
  readonly directory: string | null;
}

/** Throws where anything is not as it should be; then it leaves the history in a file and says where. */
export async function runAmongFaults(plan: RunPlan): Promise<void> {
  const directory = directoryOf(plan);
  const run = new Run(plan, join(directory, 'history.jsonl'));
  try {
    await run.run();
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    const replay = `NEMESIS_SEED=${plan.seed} NEMESIS_SECONDS=${plan.seconds}`;
    throw new Error(`${what}\n${replay}; the history and what happened are in ${directory}`, { cause: error });
  } finally {
    writeFileSync(join(directory, 'told.txt'), run.told);
  }
  if (plan.directory === null) rmSync(directory, { recursive: true });
}

function directoryOf({ directory, seed }: RunPlan): string {
  if (directory === null) return mkdtempSync(join(tmpdir(), 'psmr-nemesis-'));
  const own = join(directory, `seed-${seed}`);
  rmSync(own, { recursive: true, force: true });
  mkdirSync(own, { recursive: true });
  return own;
}

class Run {
  readonly #told: string[] = [];
  #replicas: Replicas | null = null;
  readonly #plan: RunPlan;
  readonly #path: string;
  readonly #recorder: Recorder;
  readonly #began = performance.now();
  readonly #act = this.#acts();

  constructor(plan: RunPlan, path: string) {
    const file = new HistoryFile(path);
    onTestFinished(() => file.close());
    this.#plan = plan;
    this.#path = path;
    this.#recorder = new Recorder({ write: file.write });
  }

  /** What was done, and what the replicas said. */
  get told(): string {
    return [...this.#told, ...(this.#replicas?.said ?? []), ''].join('\n');
  }

  async run(): Promise<void> {
    const { seed, reads, checkpoints } = this.#plan;
    this.#watch();
    const links = new ReplicaLinks(STREAMS);
    const { placesFor } = links;
    const checkpointing = checkpoints ? { everyBytes: CHECKPOINT_BYTES, retainBytes: 0 } : {};
    const replicas = await Replicas.start({
      ...{ streams: STREAMS, service: 'registers', reads, placesFor, electionMs: ELECTION_MS },
      ...checkpointing,
    });
    this.#replicas = replicas;
    const [patient, hasty] = await Promise.all([connectAll(replicas, PATIENT), connectAll(replicas, HASTY)]);
    const ended = new AbortController();
    const work = [patient, hasty].map((clients, at) =>
      this.#record(
        clients.flatMap((client) => Array.from({ length: LANES }, () => client)),
        { act: this.#act, seed: seed + at, signal: ended.signal, thinkMs: (random) => random() * THINK_MAX_MS },
      ),
    );
    await this.#strike({ replicas, links, streams: STREAMS, tell: (what) => this.#tell(what) }).finally(() =>
      ended.abort(),
    );
    const [waited, others] = await Promise.all(work);
    this.#tell(`answers to the patient: ${JSON.stringify(waited)}, to others: ${JSON.stringify(others)}`);
    expect(waited, 'what was waited for was answered').toMatchObject({ fail: 0, info: 0 });
    await this.#afterwards(patient);
    this.#check();
    const views = await Promise.all(replicas.ids.map((id) => replicas.view(id)));
    this.#tell(`checkpoints: ${views.map((view) => view?.checkpoint).join(', ')}`);
    await agree(replicas);
    expect(replicas.endedAlone).toEqual([]);
  }

  /** A machine that stood still explains what clients waited for. */
  #watch(): void {
    let last = performance.now();
    const timer = setInterval(() => {
      const now = performance.now();
      if (now - last > STILL_MS) this.#tell(`the test itself stood still for ${Math.round(now - last)} ms`);
      last = now;
    }, STILL_MS / 10);
    onTestFinished(() => clearInterval(timer));
  }

  #tell(what: string): void {
    this.#told.push(`${Math.round(performance.now() - this.#began)} ms: ${what}`);
  }

  #record(
    clients: RunOptions['clients'],
    options: Omit<RunOptions, 'clients' | 'recorder' | 'durationMs'>,
  ): Promise<RunCounts> {
    return recordRun({ clients, recorder: this.#recorder, durationMs: Infinity, ...options });
  }

  #acts(): RunOptions['act'] {
    const eras: RunOptions['act'][] = [];
    let marks = 0;
    return (turn) => {
      if (turn.random() < MARKS) return ['write', { key: `${MARK}${++marks}`, value: marks }];
      const era = Math.floor((performance.now() - this.#began) / ERA_MS);
      return (eras[era] ??= registerActs(KEYS, `era${era}`))(turn);
    };
  }

  /** Resolves when the last fault is over. */
  async #strike(options: FaultOptions): Promise<void> {
    const { seed, seconds, faults } = this.#plan;
    const struck = faults.map(async (kinds, at) => {
      const made = kinds.map((kind) => kind(options));
      const planned = planFaults(made, { ...PLAN, seed: seed + at, durationMs: seconds * 1000 });
      await runFaults(planned, { seed: seed + at });
    });
    const failed = (await Promise.allSettled(struck)).find(({ status }) => status === 'rejected');
    if (failed?.status === 'rejected') throw failed.reason;
  }

  /** All goes on, and every key is read by everybody. */
  async #afterwards(clients: readonly Client<Service>[]): Promise<void> {
    const { seed } = this.#plan;
    const commandsMax = AFTERWARDS * clients.length;
    const all = { fail: 0, info: 0 };
    expect(await this.#record(clients, { act: this.#act, seed, commandsMax }), 'it goes on').toMatchObject(all);
    const keys = [...new Set(readHistory(this.#path).flatMap((one) => registers.keysOf(registers.parse(one))))];
    const act = ({ nth }: { nth: number }): AnyCommand[] =>
      keys.slice(nth * READ_AT_ONCE, (nth + 1) * READ_AT_ONCE).map((key) => ['read', { key }]);
    await Promise.all(
      clients.map(async (client) => {
        const counts = await this.#record([client], { act, seed, commandsMax: keys.length });
        expect(counts, 'all keys were read').toEqual({ ...all, ok: keys.length });
      }),
    );
  }

  #check(): void {
    const history = readHistory(this.#path);
    const verdict = checkHistory(registers, [this.#path]);
    this.#tell(`${history.length} operations, ${verdict.steps} steps`);
    expect(verdict.verdict, verdict.words).toBe('ok');
    expect(lostMarks(history), 'acknowledged writes that are not there').toEqual([]);
  }
}

/** Keys that were written once, with success, and in which somebody found something else at the end. */
function lostMarks(history: readonly Operation[]): string[] {
  const written = new Set<string>();
  const found = new Map<string, unknown>();
  for (const { command, input, outcome, output } of history) {
    const key = (input as { key?: unknown }).key;
    if (outcome !== 'ok' || typeof key !== 'string' || !key.startsWith(MARK)) continue;
    if (command === 'write') written.add(key);
    else if (found.get(key) !== null) found.set(key, output);
  }
  return [...written].filter((key) => (found.get(key) ?? null) === null);
}

async function connectAll(
  replicas: Replicas,
  kinds: readonly Partial<ConnectOptions<Service>>[],
): Promise<Client<Service>[]> {
  const { default: service } = (await import(serviceUrl('registers').href)) as { default: Service };
  const clients = await Promise.all(kinds.map((kind) => connect({ service, replicas: replicas.urls, ...kind })));
  onTestFinished(() => Promise.all(clients.map((client) => client.close())).then(() => undefined));
  return clients;
}

/** All replicas come to the same state, and are members still. */
async function agree(replicas: Replicas): Promise<void> {
  await replicas.caughtUp();
  for (const view of await Promise.all(replicas.ids.map((id) => replicas.view(id))))
    for (const { members } of view?.groups ?? []) expect(members).toMatchObject({ voters: replicas.ids, learners: [] });
  const { code, output } = await replicas.psmr('checkpoint');
  expect(code, output).toBe(0);
  await replicas.until('all agree on the checkpoint', (views) =>
    views.every((view) => view !== null && view.checkpoint !== null && view.lastAgreedCheckpoint === view.checkpoint),
  );
}
