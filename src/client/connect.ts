/** A client of a server elsewhere. */
import { PartitionMap } from '../classifier/partition-map.js';
import { PsmrError } from '../errors.js';
import { asService, type ServiceDefinition } from '../service/define-service.js';
import type { Welcome } from '../transport/handshake.js';
import { type Client, createClient } from './client.js';
import { systemClock } from './client-clock.js';
import { ClientCore } from './client-core.js';
import { type ClientLimits, DEFAULT_CLIENT_LIMITS } from './client-limits.js';
import { CommandRouter } from './command-router.js';
import { createSessionId } from './session-id.js';
import { Subscriptions } from './subscriptions.js';
import type { SubscribeOptions } from './subscription.js';
import { Topology } from './topology.js';
import { type DialOptions, webSocketDial } from './web-socket.js';
import { webSocketLinks } from './web-socket-link.js';

export interface ConnectOptions<S extends ServiceDefinition> {
  /**
   * `ws://host:port` or `wss://host:port` of any endpoint of each replica. One that answers is enough: it names the
   * others and who leads. The next is tried where one refuses, or says nothing for 250 ms; the first answer is taken.
   */
  readonly replicas: readonly string[];
  /** The same definition that the server runs: its key functions decide, here, where a command goes. */
  readonly service: S;
  readonly token?: string;
  /** For `wss:` in Node. */
  readonly tls?: DialOptions;
  /**
   * Who answers read-only commands of one stream; `'leader'` by default. `'any'`: some replica, another for each client,
   * which spreads the load; they are linearizable all the same, but not ordered with writes that this client has
   * submitted and not awaited. Commands of several streams always go to the leader of group 0.
   */
  readonly reads?: 'leader' | 'any';
  /**
   * How long a command may wait for its answer, ms; 30,000 by default. In that time leaders may change: the client
   * follows them and sends again what was under way, and each command is executed once.
   */
  readonly requestTimeoutMs?: number;
  /** How long one replica may take to answer when connecting, and a search for a leader take, ms; 5,000 by default. */
  readonly connectTimeoutMs?: number;
  /** Among them `silenceMs`: when a leader that says nothing is doubted. */
  readonly limits?: Partial<Omit<ClientLimits, 'requestTimeoutMs'>>;
}

const CONNECT_TIMEOUT_MS = 5_000;

/**
 * Connects to a server, or to all replicas of one. Connections to the groups' leaders are opened when first used, and
 * again, to their successors, when lost.
 *
 * Rejects with UNREACHABLE (names each replica and why), UNAUTHORIZED, WRONG_SERVICE, PROTOCOL_VERSION, or
 * INVALID_ARGUMENT where an option is wrong.
 */
export async function connect<S extends ServiceDefinition>(options: ConnectOptions<S>): Promise<Client<S>> {
  checkReplicas(options.replicas);
  const service = asService(options.service);
  const dial = await webSocketDial(options.tls ?? {});
  const topology = new Topology({
    replicas: options.replicas,
    service: service.name,
    token: options.token ?? null,
    connectTimeoutMs: options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
    dial,
    clock: systemClock,
  });
  const welcome = await topology.learn();
  const router = (told: Welcome): CommandRouter => new CommandRouter(service, PartitionMap.fromJson(told.partitionMap));
  const limits = limitsOf(options, welcome);
  const openLink = webSocketLinks(topology);
  const core = new ClientCore({
    router: router(welcome),
    openLink,
    reads: options.reads ?? 'leader',
    limits,
    clock: systemClock,
    serverNowMs: () => topology.serverNowMs(),
    learn: async () => router(await topology.learn()),
  });
  const subscriptions = new Subscriptions({
    clock: systemClock,
    openLink,
    silenceMs: limits.silenceMs,
    giveUpMs: limits.requestTimeoutMs,
    newSession: () => createSessionId(topology.serverNowMs()),
    map: async () => PartitionMap.fromJson((await topology.learn()).partitionMap),
  });
  return createClient<S>(
    Object.assign(core, {
      closeLinks: () => subscriptions.close(),
      subscribe: (wanted: SubscribeOptions) => subscriptions.open(wanted),
    }),
  );
}

function limitsOf<S extends ServiceDefinition>(options: ConnectOptions<S>, welcome: Welcome): ClientLimits {
  return {
    ...DEFAULT_CLIENT_LIMITS,
    frameBytesMax: welcome.frameBytesMax,
    ...options.limits,
    ...(options.requestTimeoutMs === undefined ? {} : { requestTimeoutMs: options.requestTimeoutMs }),
  };
}

function checkReplicas(replicas: readonly string[]): void {
  if (replicas.length === 0) throw wrongReplica('replicas: the list is empty');
  replicas.forEach((replica, i) => {
    if (!isAddress(replica)) throw wrongReplica(`replicas[${i}]: '${replica}' is no address`);
  });
}

function isAddress(text: string): boolean {
  return URL.canParse(text) && ['ws:', 'wss:'].includes(new URL(text).protocol);
}

function wrongReplica(what: string): PsmrError {
  return new PsmrError('INVALID_ARGUMENT', `${what}; give addresses like 'ws://127.0.0.1:7400'.`);
}
