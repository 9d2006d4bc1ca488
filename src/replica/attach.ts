import { PartitionMap } from '../classifier/partition-map.js';
import { systemClock } from '../client/client-clock.js';
import { ClientCore } from '../client/client-core.js';
import { createClient, type Client } from '../client/client.js';
import { DEFAULT_CLIENT_LIMITS } from '../client/client-limits.js';
import { CommandRouter } from '../client/command-router.js';
import { RingHub } from '../client/ring-link.js';
import { PsmrError } from '../errors.js';
import { ControlBlock } from '../memory/control-block.js';
import type { Service } from '../service/command.js';
import type { ServiceDefinition } from '../service/define-service.js';
import { loadService } from '../service/load-service.js';
import type { EnginePort } from './engine-port.js';
import { CLIENT_TAKEN_WORD } from './ring-client.js';

const FOREVER_MS = Number.MAX_SAFE_INTEGER;

/**
 * Turns a port that was posted from the engine's thread into a client of this one. The client writes straight to its
 * streams' rings: no thread stands between.
 */
export async function attach<S extends ServiceDefinition>(port: EnginePort): Promise<Client<S>> {
  // Posted from another thread, it may be anything: the type is the sender's claim.
  const { kind }: { kind?: unknown } = port;
  if (kind !== 'psmr-engine-port') {
    throw new PsmrError('INVALID_ARGUMENT', 'attach takes what engine.port() returned, posted to this thread.');
  }
  return clientOfPort<S>(port, await loadService(port.serviceUrl));
}

/** Rings have one link per group. */
function notHere(): Promise<never> {
  const sentence = 'A client in the process of its engine cannot subscribe: call engine.listen(), and connect to it.';
  return Promise.reject(new PsmrError('NOT_SUPPORTED', sentence));
}

export function clientOfPort<S extends ServiceDefinition>(port: EnginePort, service: Service): Client<S> {
  if (Atomics.exchange(new Int32Array(port.memory.words), CLIENT_TAKEN_WORD, 1) === 1) {
    throw new PsmrError(
      'INVALID_ARGUMENT',
      'A client was made of this port already. Call engine.port() for each client.',
    );
  }
  const hub = new RingHub({ control: port.control, ...port.memory });
  const control = new ControlBlock(port.control);
  const { commandBytesMax, frameBytesMax, outstandingMax } = port.limits;
  const router = new CommandRouter(service, PartitionMap.fromJson(port.partitionMap));
  const core = new ClientCore({
    router,
    openLink: (group, _session, handlers) => hub.open(group, handlers),
    // Rings lose nothing: an answer comes, or the engine ends.
    limits: {
      ...DEFAULT_CLIENT_LIMITS,
      commandBytesMax,
      frameBytesMax,
      outstandingMax,
      requestTimeoutMs: FOREVER_MS,
      silenceMs: Infinity,
    },
    reads: 'leader',
    clock: systemClock,
    serverNowMs: () => control.nowMs,
    learn: () => Promise.resolve(router),
  });
  return createClient<S>(Object.assign(core, { closeLinks: () => hub.close(), subscribe: notHere }));
}
