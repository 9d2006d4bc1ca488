/**
 * Three replicas on hosts of their own, each with two network interfaces that its groups share: those with even numbers
 * use the first, those with odd ones the second. A third interface is for tests and operators alone, so that they see
 * what is cut off from the others.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Replicas, type ReplicaView } from '../integration/replicas.js';
import { type FarClient, FarClients, type FarConnectOptions } from './far-client.js';
import { type Host, TestNetwork } from './network.js';

const REPLICAS = [1, 2, 3];
const [CLIENTS, WITNESSES] = [4, 5];
const INTERFACES = [0, 1];
const MANAGEMENT = 2;
/** More than the default: on a busy machine no leader is lost but by what tests do. */
const ELECTION_MS = 500;

/** What a group uses of each replica. */
export function interfaceOf(group: number): number {
  return group % INTERFACES.length;
}

/** Leaders take turns. */
export function preferred(group: number): number {
  return (group % REPLICAS.length) + 1;
}

export class HostCluster {
  readonly replicas: Replicas;
  readonly #network: TestNetwork;
  readonly #directory: string;
  readonly #clients: FarClients;
  readonly #witnesses: FarClients;

  private constructor(network: TestNetwork, replicas: Replicas, directory: string, far: [FarClients, FarClients]) {
    this.replicas = replicas;
    this.#network = network;
    this.#directory = directory;
    [this.#clients, this.#witnesses] = far;
  }

  static async start(streams: number): Promise<HostCluster> {
    const network = new TestNetwork({ hosts: WITNESSES, networks: INTERFACES.length + 1 });
    const on = (number: number): Host => hostOf(network, number);
    const directory = mkdtempSync(join(tmpdir(), 'psmr-hosts-'));
    const clients = new FarClients(on(CLIENTS));
    const far: [FarClients, FarClients] = [clients, new FarClients(on(WITNESSES))];
    try {
      const site = {
        directory,
        hosts: (id: number) => INTERFACES.map((at) => on(id).address(at)),
        httpHost: (id: number) => on(id).address(MANAGEMENT),
        within: (id = CLIENTS) => on(id).within,
        get: (url: string) => clients.get(url),
      };
      const replicas = await Replicas.start({ streams, replicas: REPLICAS.length, electionMs: ELECTION_MS, site });
      return new HostCluster(network, replicas, directory, far);
    } catch (error) {
      network.close();
      throw error;
    }
  }

  host(replica: number): Host {
    return hostOf(this.#network, replica);
  }

  connect(name: string): Promise<FarClient> {
    return this.#clients.connect(name, { replicas: this.replicas.urls });
  }

  /** A client that reaches one replica alone. */
  async connectTo(replica: number, options: Omit<FarConnectOptions, 'replicas'>): Promise<FarClient> {
    const witness = hostOf(this.#network, WITNESSES);
    for (const other of REPLICAS)
      if (other !== replica) for (const network of INTERFACES) witness.block(this.host(other), network);
    const url = this.replicas.urls[replica - 1] ?? '';
    return this.#witnesses.connect(`of ${replica}`, { replicas: [url], ...options });
  }

  /** They do not reach each other any more, over any interface; clients reach both. */
  cut(one: number, other: number): void {
    for (const network of [...INTERFACES, MANAGEMENT]) {
      this.host(one).block(this.host(other), network);
      this.host(other).block(this.host(one), network);
    }
  }

  /** All reach each other again. */
  heal(): void {
    this.#network.heal();
  }

  async view(replica: number): Promise<ReplicaView> {
    const view = await this.replicas.view(replica);
    if (view === null) throw new Error(`replica ${replica} does not answer`);
    return view;
  }

  /** Each group is led by whom it prefers. */
  ledAsPreferred(): Promise<void> {
    return this.replicas.until('all groups are led as preferred', (views) =>
      views.every((view) => {
        const groups = view?.groups ?? [];
        return groups.length > 0 && groups.every(({ group, leader }) => leader === preferred(group));
      }),
    );
  }

  /** Everybody has executed everything, and a checkpoint of all has the same hashes. */
  async agreed(): Promise<void> {
    await this.replicas.caughtUp();
    const { code, output } = await this.replicas.psmr('checkpoint');
    if (code !== 0) throw new Error(output);
    await this.replicas.until('all agree on the checkpoint', (views) =>
      views.every((view) => view !== null && view.checkpoint !== null && view.lastAgreedCheckpoint === view.checkpoint),
    );
  }

  /** Kills everything. */
  async close(): Promise<void> {
    await Promise.all([this.#clients.kill(), this.#witnesses.kill()]);
    this.#network.close();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

function hostOf(network: TestNetwork, number: number): Host {
  const host = network.hosts[number - 1];
  if (host === undefined) throw new Error(`there is no host ${number}`);
  return host;
}
