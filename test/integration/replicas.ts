/** A cluster of real processes on this machine: started, killed and started again by `psmr replica`. */
import { spawn, type ChildProcess, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { expect, onTestFinished } from 'vitest';
import { createPartitionMap } from '../../src/classifier/create-partition-map.js';
import type { PeerLinks } from '../../src/transport/peer-links.js';
import { openPeerLinks } from '../../src/transport/peers/open-peer-links.js';
import { programFile, serviceUrl } from './compiled.js';
import { freePorts } from './free-ports.js';
import { temporaryDirectory } from './temporary.js';

const CLI = join(import.meta.dirname, '../../dist/src/cli/main.cjs');
const SECRET = 'a secret of the tests';
/** For what has no limit of its own: less than a test has. */
const WAIT_MS_MAX = 90_000;

export interface ReplicaGroup {
  readonly group: number;
  readonly leader: number;
  readonly term: number;
  readonly commitIndex: number;
  readonly executedIndex: number;
  readonly firstIndex: number;
  readonly role: string;
  readonly members: { readonly voters: readonly number[]; readonly learners: readonly number[] };
  readonly followers: readonly { readonly id: number; readonly lag: number }[];
}

export interface ReplicaView {
  readonly replica: number;
  readonly state: string;
  readonly reason: string | null;
  readonly checkpoint: number | null;
  readonly lastAgreedCheckpoint: number | null;
  readonly groups: readonly ReplicaGroup[];
}

/** Who leads a group by the newest term that any view knows: one that was replaced may not have heard yet. 0: nobody. */
export function leaderIn(views: readonly (ReplicaView | null)[], group: number): number {
  const terms = views.map((view) => view?.groups[group]?.term ?? 0);
  const newest = Math.max(...terms);
  return views.find((view, at) => terms[at] === newest && view?.groups[group]?.role === 'leader')?.replica ?? 0;
}

export interface ReplicaPlace {
  readonly id: number;
  readonly hosts: string[];
  readonly port: number;
  readonly peerPort: number;
  readonly http: { readonly host: string; readonly port: number };
}

export type BadDay = 'disk-full' | 'disk-quick' | 'disk-hangs' | 'disk-holds' | 'disk-gone' | 'clock' | 'threads-die';

interface ClusterFile {
  readonly streams: number;
  readonly dataDir: string;
  readonly cluster: { readonly replicas: ReplicaPlace[] };
}

/** Other machines than this one, where ports need no choosing. */
export interface Site {
  /** The addresses of a replica, one per network interface. */
  hosts(id: number): string[];
  /** Where its HTTP endpoint is. */
  httpHost(id: number): string;
  /** The command that runs a replica on its machine; without an id, one for operators. */
  within(id?: number): readonly string[];
  /** Fetches a JSON document. */
  get(url: string): Promise<unknown>;
  /** Where configuration and data are. Its owner ends the replicas and removes it. */
  readonly directory: string;
}

export class Replicas {
  readonly file: string;
  readonly dataDir: string;
  readonly urls: string[] = [];
  readonly #http: string[] = [];
  readonly #config: ClusterFile;
  readonly #site: Site | null;
  /** The configuration of those that have one of their own. */
  readonly #files = new Map<number, string>();
  readonly #processes = new Map<number, ChildProcess>();
  /** Also those whose number a second process was given. */
  readonly #started = new Set<ChildProcess>();
  /** Those that ended by themselves. */
  readonly endedAlone: string[] = [];
  #haveBadDays = false;
  /** What each has said, for a test that fails. */
  readonly said: string[] = [];

  private constructor(file: string, config: ClusterFile, site: Site | null) {
    this.file = file;
    this.#config = config;
    this.#site = site;
    this.dataDir = config.dataDir;
    if (site !== null) return;
    onTestFinished(() => Promise.all([...this.#started].map((child) => end(child, 'SIGKILL'))).then(() => undefined));
  }

  static async start(options: {
    streams: number;
    replicas?: number;
    retainBytes?: number;
    everyBytes?: number | null;
    electionMs?: number;
    site?: Site;
    /** The name of one of the tests' services, or the path of a module. */
    service?: string;
    reads?: 'index' | 'lease';
    /** Where one replica is told that all are; by default where they are. */
    placesFor?: (id: number, places: readonly ReplicaPlace[]) => Promise<readonly ReplicaPlace[]>;
    /** Their machines may have bad days. */
    badDays?: boolean;
  }): Promise<Replicas> {
    const { streams, replicas: count = 3, retainBytes, everyBytes = null, electionMs, site = null } = options;
    const { service = 'ledger' } = options;
    const directory = site?.directory ?? temporaryDirectory();
    const config = {
      service: isAbsolute(service) ? service : serviceUrl(service).pathname,
      streams,
      dataDir: join(directory, 'data'),
      checkpoint: { everyBytes },
      cluster: { name: 'test', secret: SECRET, replicas: [], retainBytes, electionMs, reads: options.reads },
    };
    const cluster = new Replicas(join(directory, 'cluster.json'), config, site);
    cluster.#haveBadDays = options.badDays === true;
    for (let id = 1; id <= count; id++) await cluster.describe(id);
    if (options.placesFor !== undefined) await cluster.#describeTo(options.placesFor);
    await Promise.all(cluster.ids.map((id) => cluster.run(id)));
    return cluster;
  }

  /** Puts a replica into the configuration. */
  async describe(id: number): Promise<void> {
    const { streams, cluster } = this.#config;
    const groups = streams + 1;
    const taken = cluster.replicas.map((replica) => replica.port);
    const port = this.#site === null ? await freePorts(2 * groups + 1, taken) : 7400;
    const hosts = this.#site?.hosts(id) ?? ['127.0.0.1'];
    const http = { host: this.#site?.httpHost(id) ?? '127.0.0.1', port: port + 2 * groups };
    cluster.replicas.push({ id, hosts, port, peerPort: port + groups, http });
    writeFileSync(this.file, JSON.stringify(this.#config));
    this.urls.push(`ws://${hosts[0]}:${port}`);
    this.#http.push(`http://${http.host}:${http.port}`);
  }

  async #describeTo(placesFor: (id: number, places: readonly ReplicaPlace[]) => Promise<unknown>): Promise<void> {
    const { cluster } = this.#config;
    for (const id of this.ids) {
      const file = `${this.file}.${id}`;
      const replicas = await placesFor(id, cluster.replicas);
      writeFileSync(file, JSON.stringify({ ...this.#config, cluster: { ...cluster, replicas } }));
      this.#files.set(id, file);
    }
  }

  /** Takes replicas out of the configuration; they keep their places here. */
  leaveOut(...ids: number[]): void {
    const { cluster } = this.#config;
    const replicas = cluster.replicas.filter(({ id }) => !ids.includes(id));
    writeFileSync(this.file, JSON.stringify({ ...this.#config, cluster: { ...cluster, replicas } }));
  }

  directoryOf(id: number): string {
    return join(this.dataDir, `replica-${id}`);
  }

  /** What a replica's machine does to it from now on (programs/bad-day.ts); the returned function ends it. */
  badDay(id: number, what: BadDay, how = ''): () => void {
    const file = join(this.#badDays(id), what);
    // Whole at once: it is read meanwhile.
    writeFileSync(`${file}.new`, how);
    renameSync(`${file}.new`, file);
    return () => rmSync(file);
  }

  /** Resolves when a thread waits for the disk on the spot, in a file whose path has `part`, during a bad day. */
  async threadStands(id: number, part: string): Promise<void> {
    const file = join(this.#badDays(id), 'stands');
    await expect.poll(() => existsSync(file) && readFileSync(file, 'utf8'), { timeout: 20_000 }).toContain(part);
  }

  /** Counters and gauges, as text. */
  async metrics(id: number): Promise<string> {
    return (await fetch(`${this.#http[id - 1]}/metrics`)).text();
  }

  /** Links of one group as that replica would have them, which must not run. Resolves when they reach `to`. */
  async linksAs(id: number, group: number, to: number): Promise<PeerLinks> {
    const { streams, cluster } = this.#config;
    const address = (of: number): { id: number; host: string; port: number } => {
      const port = (cluster.replicas.find((replica) => replica.id === of)?.peerPort ?? 0) + group;
      return { id: of, host: '127.0.0.1', port };
    };
    const { epoch } = createPartitionMap({ streams });
    const identity = { cluster: 'test', service: 'ledger', epoch, group, replica: id };
    const options = {
      identity,
      secret: SECRET,
      ...address(id),
      problem: (told: Error) => this.said.push(told.message),
    };
    let up: () => void = () => undefined;
    const isUp = new Promise<void>((resolve) => (up = resolve));
    const links = await openPeerLinks(options, { message: () => undefined, up, down: () => undefined });
    onTestFinished(() => links.close());
    links.setPeers([address(to)]);
    await isUp;
    return links;
  }

  get ids(): number[] {
    return this.urls.map((_, at) => at + 1);
  }

  /** Resolves when it serves. */
  async run(id: number, ...args: string[]): Promise<void> {
    const child = this.#spawn(
      [...(this.#site?.within(id) ?? []), ...this.#badDayEnv(id)],
      this.#files.get(id) ?? this.file,
      'replica',
      ...['--id', String(id)],
      ...args,
    );
    this.#processes.set(id, child);
    this.#started.add(child);
    createInterface({ input: child.stderr }).on('line', (line) => this.said.push(`${id}: ${line}`));
    const lines = createInterface({ input: child.stdout });
    const ended = once(child, 'exit').then(([code]: (number | null)[]) => {
      if (code !== null) this.endedAlone.push(`replica ${id} ended with ${code}`);
      throw new Error(`replica ${id} ended with ${String(code)}:\n${this.said.join('\n')}`);
    });
    ended.catch(() => undefined);
    await this.#within(`replica ${id} serves or ends`, Promise.race([once(lines, 'line'), ended]));
  }

  async kill(id: number, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#processes.get(id);
    if (child !== undefined) await end(child, signal);
  }

  /** Stops it where it is, until it is resumed or killed. */
  pause(id: number): void {
    this.#processes.get(id)?.kill('SIGSTOP');
  }

  resume(id: number): void {
    this.#processes.get(id)?.kill('SIGCONT');
  }

  /** Resident memory of a replica's process, MB. */
  memoryOf(id: number): number {
    const status = readFileSync(`/proc/${this.#processes.get(id)?.pid ?? 0}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
  }

  /** Resolves with its exit code when it has ended by itself. */
  async ended(id: number): Promise<number | null> {
    const child = this.#processes.get(id);
    if (child === undefined) throw new Error(`replica ${id} was started`);
    if (child.exitCode === null && child.signalCode === null)
      await this.#within(`replica ${id} ends`, once(child, 'exit'));
    return child.exitCode;
  }

  /** Null: it does not answer. */
  async view(id: number): Promise<ReplicaView | null> {
    try {
      const url = `${this.#http[id - 1]}/status`;
      if (this.#site !== null) return (await this.#site.get(url)) as ReplicaView;
      const answer = await fetch(url, { signal: AbortSignal.timeout(2000) });
      return (await answer.json()) as ReplicaView;
    } catch {
      return null;
    }
  }

  /** Asks again and again until it holds of all views. */
  async until(
    what: string,
    holds: (views: readonly (ReplicaView | null)[]) => boolean,
    limitMs = 30_000,
  ): Promise<void> {
    const deadline = performance.now() + limitMs;
    for (;;) {
      const views = await Promise.all(this.ids.map((id) => this.view(id)));
      if (holds(views)) return;
      if (performance.now() > deadline)
        throw new Error(`not within ${limitMs} ms: ${what}\n${JSON.stringify(views)}\n${this.said.join('\n')}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** The replica that leads a group. */
  async leaderOf(group: number): Promise<number> {
    let leader = 0;
    await this.until(`group ${group} has a leader`, (views) => {
      leader = leaderIn(views, group);
      return leader !== 0;
    });
    return leader;
  }

  /** All run, and have executed all that was committed anywhere when all of them first answered; load may go on. */
  caughtUp(): Promise<void> {
    let committed: readonly number[] | null = null;
    return this.until('all have executed everything', (views) => {
      // Those that start have no groups yet.
      if (views.some((view) => (view?.groups.length ?? 0) === 0)) return false;
      const commits = (views[0]?.groups ?? []).map((_, group) =>
        Math.max(...views.map((view) => view?.groups[group]?.commitIndex ?? 0)),
      );
      const due = (committed ??= commits);
      return views.every((view) => due.every((index, group) => (view?.groups[group]?.executedIndex ?? 0) >= index));
    });
  }

  async psmr(...args: string[]): Promise<{ code: number | null; output: string }> {
    const child = this.#spawn(this.#site?.within(), this.file, ...args);
    const pieces: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece: Buffer) => pieces.push(piece));
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, output: Buffer.concat(pieces).toString() };
  }

  /** A test that waits for too long says for what, and what the replicas have said. */
  async #within(what: string, awaited: Promise<unknown>): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error(`not yet: ${what}\n${this.said.join('\n')}`)), WAIT_MS_MAX);
    });
    await Promise.race([awaited, late]).finally(() => clearTimeout(timer));
  }

  #badDays(id: number): string {
    const path = join(this.dataDir, '..', `bad-days-${id}`);
    mkdirSync(path, { recursive: true });
    return path;
  }

  #badDayEnv(id: number): string[] {
    if (!this.#haveBadDays) return [];
    return ['env', `NODE_OPTIONS=--import=${programFile('bad-day')}`, `BAD_DAY=${this.#badDays(id)}`];
  }

  #spawn(
    within: readonly string[] = [],
    file: string,
    ...args: string[]
  ): ChildProcessByStdio<null, Readable, Readable> {
    const [command, ...rest] = [...within, process.execPath, CLI, ...args, '--config', file];
    return spawn(command, rest, { stdio: ['ignore', 'pipe', 'pipe'] });
  }
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill(signal);
  await exited;
}
