/**
 * Three replicas on hosts of their own, each with two network interfaces that its groups share: those with even numbers
 * use the first, those with odd ones the second. A third interface is for tests and operators alone, so that they see
 * what is cut off from the others.
 */
import { onTestFinished } from 'vitest';
import { Replicas, type ReplicaView } from '../integration/replicas.js';
import { type FarClient, FarClients, type FarConnectOptions } from './far-client.js';
import { type Host, TestNetwork } from './network.js';

export const REPLICAS = 3;
const [CLIENTS, WITNESS] = [4, 5];
/** Where HTTP is served. */
const MANAGEMENT = 2;
const INTERFACES = 2;

/** What a group uses of each replica. */
export function interfaceOf(group: number): number {
  return group % INTERFACES;
}

export class HostCluster {
  readonly network: TestNetwork;
  readonly replicas: Replicas;
  readonly #clients: FarClients;
  readonly #witnesses: FarClients;

  private constructor(network: TestNetwork, replicas: Replicas, clients: FarClients, witnesses: FarClients) {
    this.network = network;
    this.replicas = replicas;
    this.#clients = clients;
    this.#witnesses = witnesses;
  }

  /** Resolves when every group is led by whom it prefers. */
  static async start(streams: number): Promise<HostCluster> {
    const network = new TestNetwork({ hosts: WITNESS, networks: INTERFACES + 1 });
    onTestFinished(() => network.close());
    const on = (number: number): Host => hostOf(network, number);
    const [clients, witnesses] = [new FarClients(on(CLIENTS)), new FarClients(on(WITNESS))];
    onTestFinished(async () => {
      await Promise.all([clients.kill(), witnesses.kill()]);
    });
    const replicas = await Replicas.start({
      streams,
      replicas: REPLICAS,
      site: {
        hosts: (id) => Array.from({ length: INTERFACES }, (_, at) => on(id).address(at)),
        httpHost: (id) => on(id).address(MANAGEMENT),
        within: (id = CLIENTS) => on(id).within,
        get: (url) => clients.get(url),
      },
    });
    const cluster = new HostCluster(network, replicas, clients, witnesses);
    await replicas.until('all groups are led as preferred', ([view]) => {
      return view?.groups.every(({ group, leader }) => leader === preferred(group)) === true;
    });
    return cluster;
  }

  host(replica: number): Host {
    return hostOf(this.network, replica);
  }

  connect(name: string, options: Omit<FarConnectOptions, 'replicas'> = {}): Promise<FarClient> {
    return this.#clients.connect(name, { replicas: this.replicas.urls, ...options });
  }

  /** A client that reaches one replica alone. */
  async connectTo(replica: number, options: Omit<FarConnectOptions, 'replicas'>): Promise<FarClient> {
    const witness = hostOf(this.network, WITNESS);
    for (let other = 1; other <= REPLICAS; other++)
      if (other !== replica)
        for (let network = 0; network < INTERFACES; network++) witness.block(this.host(other), network);
    const url = `ws://${this.host(replica).address(0)}:7400`;
    return this.#witnesses.connect(`of ${replica}`, { replicas: [url], ...options });
  }

  /** Replicas that do not reach each other, over any interface; clients reach both. */
  cut(one: number, other: number): void {
    for (let network = 0; network <= MANAGEMENT; network++) {
      this.host(one).block(this.host(other), network);
      this.host(other).block(this.host(one), network);
    }
  }

  mend(one: number, other: number): void {
    for (let network = 0; network <= MANAGEMENT; network++) {
      this.host(one).unblock(this.host(other), network);
      this.host(other).unblock(this.host(one), network);
    }
  }

  async view(replica: number): Promise<ReplicaView> {
    const view = await this.replicas.view(replica);
    if (view === null) throw new Error(`replica ${replica} does not answer`);
    return view;
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
}

/** Leaders take turns. */
export function preferred(group: number): number {
  return (group % REPLICAS) + 1;
}

function hostOf(network: TestNetwork, number: number): Host {
  const host = network.hosts[number - 1];
  if (host === undefined) throw new Error(`there is no host ${number}`);
  return host;
}
