/** A client over a model cluster, through everything but the sockets; commands are known by a number as elsewhere. */
import { ClientCore } from '../../src/client/client-core.js';
import { type ClientLimits, DEFAULT_CLIENT_LIMITS } from '../../src/client/client-limits.js';
import { Topology } from '../../src/client/topology.js';
import { webSocketLinks } from '../../src/client/web-socket-link.js';
import { modelRouter } from './model-client.js';
import { ModelCluster } from './model-cluster.js';
import { seededRandom, SimulatedClock } from './simulated-clock.js';

export interface ClusterModel {
  readonly clock: SimulatedClock;
  readonly cluster: ModelCluster;
  /** Connected already where that needs time to pass. */
  readonly client: ClientCore;
}

export interface ClusterModelOptions {
  readonly replicas?: number;
  readonly reads?: 'leader' | 'any';
  readonly limits?: Partial<ClientLimits>;
  readonly connectTimeoutMs?: number;
}

export const STREAMS = 2;

export function createCluster(seed: number, options: ClusterModelOptions = {}): ClusterModel {
  const clock = new SimulatedClock(seededRandom(seed));
  const cluster = new ModelCluster({ clock, replicas: options.replicas ?? 3, streams: STREAMS });
  return { clock, cluster, client: addClient(clock, cluster, options) };
}

export function addClient(clock: SimulatedClock, cluster: ModelCluster, options: ClusterModelOptions): ClientCore {
  const topology = new Topology({
    replicas: cluster.replicas.map(({ id }) => cluster.urlOf(id)),
    service: 'model',
    token: null,
    connectTimeoutMs: options.connectTimeoutMs ?? 1_000,
    dial: cluster.dial,
    clock,
  });
  return new ClientCore({
    router: modelRouter(1, STREAMS + 1),
    openLink: webSocketLinks(topology),
    limits: { ...DEFAULT_CLIENT_LIMITS, silenceMs: 300, ...options.limits },
    clock,
    reads: options.reads ?? 'leader',
    serverNowMs: () => topology.serverNowMs(),
    learn: () => Promise.resolve(modelRouter(1, STREAMS + 1)),
  });
}
