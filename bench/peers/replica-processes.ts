/** A cluster of three replicas of the kv service on this machine, a process each, that can be killed and started again. */
import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { once } from 'node:events';
import { renderCluster } from '../../src/cli/cluster-text.js';
import { prepareLocalCluster } from '../../src/cli/local-cluster-files.js';
import { preferredLeader } from '../../src/config/preferred-leader.js';
import { loadConfig } from '../../src/config/config.js';
import { PsmrError } from '../../src/errors.js';
import { ClusterClient, leaderOf, type ReplicaView } from '../../src/replica/admin/cluster-client.js';
import { endProgram, lineOf, type OutputChild } from './child.js';
import { STREAMS } from './kv-load.js';
import type { Resources } from './resources.js';

const CLI = fileURLToPath(new URL('../../src/cli/main.cjs', import.meta.url));
const SERVICE = fileURLToPath(new URL('../services/kv.js', import.meta.url));

const HOST = '127.0.0.1';
const REPLICAS = 3;
const IDS = [1, 2, 3] as const;
/** Below the ports that the system gives to connections: a replica that is started again finds its own free. */
const PORTS_FROM = 10_000;
const PORTS = 20_000;
const PORT_TRIES = 10;
const SAID_MAX = 20;
const LOOK_MS = 20;
const START_LIMIT_MS = 60_000;

export class ReplicaProcesses {
  readonly #file: string;
  readonly #profile: string | null;
  readonly #admin: ClusterClient;
  readonly #processes = new Map<number, OutputChild>();
  #stopped = false;
  readonly urls: readonly string[];

  private constructor(file: string, profile: string | null) {
    this.#file = file;
    this.#profile = profile;
    const replicas = loadConfig(file).cluster?.replicas ?? [];
    this.urls = replicas.map(({ port }) => `ws://${HOST}:${port}`);
    this.#admin = new ClusterClient({
      urls: replicas.map(({ http }) => `http://${HOST}:${http?.port ?? 0}`),
      secret: null,
    });
  }

  /** Resolves when all serve and each group has a leader. */
  static async start(
    resources: Resources,
    profile: string | null = null,
    reads: 'index' | 'lease' = 'index',
  ): Promise<ReplicaProcesses> {
    const file = await clusterFile(await resources.directory(), reads);
    const cluster = new ReplicaProcesses(file, profile);
    resources.onClose(() => cluster.#stop());
    await Promise.all(IDS.map((id) => cluster.run(id)));
    await cluster.until('all groups have leaders', (views) => groups().every((group) => leaderId(views, group) !== 0));
    return cluster;
  }

  /** Starts a replica, again if it was killed; resolves when it serves. */
  async run(id: number): Promise<void> {
    if (this.#stopped) throw new PsmrError('ENGINE_STOPPED', 'The replicas have been stopped.');
    const profile = this.#profile === null ? [] : ['--cpu-prof', '--cpu-prof-dir', join(this.#profile, String(id))];
    const args = [...profile, CLI, 'replica', '--config', this.#file, '--id', String(id), '--stop-with-stdin'];
    // It ends when we do, however that is: its stdin ends then.
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    child.stdin.on('error', () => undefined);
    this.#processes.set(id, child);
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = `${said}${text}`.split('\n').slice(-SAID_MAX).join('\n');
    });
    const deadline = setTimeout(() => child.kill('SIGKILL'), START_LIMIT_MS);
    try {
      await lineOf(child, () => true);
    } catch (cause) {
      const what = `Replica ${id} ended before it served, or took longer than ${START_LIMIT_MS} ms; it said:\n${said}`;
      throw new PsmrError('ENGINE_FAILED', what, { cause });
    } finally {
      clearTimeout(deadline);
    }
  }

  pidOf(id: number): number {
    return this.#processes.get(id)?.pid ?? 0;
  }

  get ids(): readonly number[] {
    return IDS;
  }

  /** `kill -9`; resolves at once when it is gone. */
  async kill(id: number): Promise<void> {
    const child = this.#processes.get(id);
    if (child === undefined) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  /** The replica that leads a group. */
  async leader(group: number): Promise<number> {
    let id = 0;
    await this.until(`group ${group} has a leader`, (views) => (id = leaderId(views, group)) !== 0);
    return id;
  }

  /** All run, and each group is led by the replica that it prefers. */
  settled(limitMs: number): Promise<void> {
    const led = (views: readonly ReplicaView[]): boolean =>
      groups().every((group) => leaderId(views, group) === preferredLeader(IDS, group));
    return this.until('all lead what they prefer', (views) => views.every(runs) && led(views), limitMs);
  }

  /** All run and have executed all that is committed anywhere. */
  caughtUp(limitMs: number): Promise<void> {
    return this.until('all have caught up', (views) => groups().every((group) => sameIndex(views, group)), limitMs);
  }

  /** Asks again and again until it holds of all replicas that answer. */
  async until(what: string, holds: (views: readonly ReplicaView[]) => boolean, limitMs = 60_000): Promise<void> {
    const deadline = performance.now() + limitMs;
    for (;;) {
      const views = await this.#admin.views().catch(() => []);
      if (holds(views)) return;
      if (this.#stopped) throw new PsmrError('ENGINE_STOPPED', 'The replicas have been stopped.');
      if (performance.now() > deadline)
        throw new PsmrError(
          'ENGINE_FAILED',
          `The replicas did not come so far in ${limitMs} ms: ${what}.\n${renderCluster(views)}`,
        );
      await pause(LOOK_MS);
    }
  }

  async #stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all([...this.#processes.values()].map((child) => endProgram(child)));
  }
}

function groups(): number[] {
  return Array.from({ length: STREAMS + 1 }, (_, group) => group);
}

function runs({ status }: ReplicaView): boolean {
  return status?.state === 'running';
}

function leaderId(views: readonly ReplicaView[], group: number): number {
  return leaderOf(views, group).leader?.id ?? 0;
}

function sameIndex(views: readonly ReplicaView[], group: number): boolean {
  const seen = views.map(({ status }) => (status?.state === 'running' ? status.groups[group] : undefined));
  const commit = Math.max(...seen.map((each) => each?.commitIndex ?? 0));
  return seen.length === REPLICAS && commit > 0 && seen.every((each) => each?.executedIndex === commit);
}

async function clusterFile(directory: string, reads: 'index' | 'lease'): Promise<string> {
  const dir = join(directory, 'cluster');
  await mkdir(dir);
  const file = await withFreePorts((port) =>
    prepareLocalCluster({ dir, port, replicas: REPLICAS, streams: STREAMS }, SERVICE),
  );
  if (reads === 'index') return file;
  const config = JSON.parse(await readFile(file, 'utf8')) as { cluster: object };
  await writeFile(file, JSON.stringify({ ...config, cluster: { ...config.cluster, reads } }));
  return file;
}

async function withFreePorts(prepare: (port: number) => Promise<string>): Promise<string> {
  for (let left = PORT_TRIES; ; left--) {
    try {
      return await prepare(PORTS_FROM + randomInt(PORTS));
    } catch (error) {
      if (left === 0 || !(error instanceof PsmrError) || error.code !== 'ADDRESS_IN_USE') throw error;
    }
  }
}
