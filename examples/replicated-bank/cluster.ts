/** Three replicas on this machine: `psmr replica`, a process each, that can be killed and started again. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { STREAMS, type Status, statusAt } from './status.js';

const REPLICAS = 3;
const HOST = '127.0.0.1';
const SECRET = 'for one machine and one run';
const PSMR = fileURLToPath(new URL('./cli/main.cjs', import.meta.resolve('psmr')));
const STOP_MS = 5_000;

export class Cluster {
  readonly ids = Array.from({ length: REPLICAS }, (_, at) => at + 1);
  readonly file: string;
  readonly #ports: readonly number[];
  readonly #processes = new Map<number, ChildProcess>();
  /** What the replicas have said, to be shown if something fails. */
  readonly said: string[] = [];

  private constructor(directory: string, ports: readonly number[]) {
    this.file = join(directory, 'cluster.json');
    this.#ports = ports;
  }

  /** Writes the configuration and starts all replicas. */
  static async start(directory: string, service: string): Promise<Cluster> {
    const groups = STREAMS + 1;
    // Each replica's: HTTP, then one per group for clients, then one per group for the other replicas.
    const ports = await freePorts(REPLICAS, 2 * groups + 1);
    const cluster = new Cluster(directory, ports);
    const replicas = ports.map((port, at) => {
      return { id: at + 1, hosts: [HOST], http: { port }, port: port + 1, peerPort: port + 1 + groups };
    });
    const config = {
      service,
      streams: STREAMS,
      dataDir: './data',
      cluster: { name: 'demo', secret: SECRET, replicas },
    };
    writeFileSync(cluster.file, JSON.stringify(config, null, 2));
    for (const id of cluster.ids) cluster.run(id);
    return cluster;
  }

  /** For clients. */
  get urls(): string[] {
    return this.#ports.map((port) => `ws://${HOST}:${port + 1}`);
  }

  run(id: number): void {
    // With the end of its stdin it stops by itself: whatever ends this program, no replica stays behind. In a process
    // group of its own: a Ctrl-C is for this program, which then stops them in good order.
    const args = [PSMR, 'replica', '--config', this.file, '--id', String(id), '--stop-with-stdin'];
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'ignore', 'pipe'], detached: true });
    child.stderr.setEncoding('utf8').on('data', (text: string) => this.said.push(`replica ${id}: ${text.trim()}`));
    child.stdin.on('error', () => undefined);
    this.#processes.set(id, child);
  }

  async kill(id: number, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#processes.get(id);
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }

  async stop(): Promise<void> {
    const late = setTimeout(() => void Promise.all(this.ids.map((id) => this.kill(id))), STOP_MS);
    await Promise.all(this.ids.map((id) => this.kill(id, 'SIGTERM')));
    clearTimeout(late);
  }

  /** By id, from replica 1 on; null: it does not answer. */
  statuses(): Promise<(Status | null)[]> {
    return Promise.all(this.#ports.map((port) => statusAt(`http://${HOST}:${port}/status`)));
  }

  /** Has every replica write a checkpoint; resolves when the leader's is complete. */
  async checkpoint(signal: AbortSignal): Promise<{ id: number; parts: { hash: string }[] }> {
    const args = [PSMR, 'checkpoint', '--config', this.file, '--json'];
    const { stdout } = await promisify(execFile)(process.execPath, args, { signal });
    return JSON.parse(stdout) as { id: number; parts: { hash: string }[] };
  }
}

/** The first of each of so many ranges of free ports. */
async function freePorts(ranges: number, length: number): Promise<number[]> {
  const found: number[] = [];
  for (let first = 10_000 + Math.floor(Math.random() * 20_000); found.length < ranges; first += length) {
    const free = await Promise.all(Array.from({ length }, (_, at) => isFree(first + at)));
    if (free.every(Boolean)) found.push(first);
  }
  return found;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((tell) => {
    const probe = createServer();
    probe.once('error', () => tell(false));
    probe.listen(port, HOST, () => probe.close(() => tell(true)));
  });
}
