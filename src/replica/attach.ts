import { PartitionMap } from '../classifier/partition-map.js';
import { ClientCore } from '../client/client-core.js';
import { systemClock } from '../client/client-clock.js';
import { createClient, type Client } from '../client/client.js';
import { DEFAULT_CLIENT_LIMITS } from '../client/client-limits.js';
import { CommandRouter } from '../client/command-router.js';
import { RingHub } from '../client/ring-link.js';
import { PsmrError } from '../errors.js';
import type { Service } from '../service/command.js';
import type { ServiceDefinition } from '../service/define-service.js';
import { loadService } from '../service/load-service.js';
import type { EnginePort } from './engine-port.js';

/**
 * Turns a port that was posted from the engine's thread into a client of this one. The client writes straight to its
 * streams' rings: no thread stands between.
 */
export async function attach<S extends ServiceDefinition>(port: EnginePort): Promise<Client<S>> {
  if (port.kind !== 'psmr-engine-port') {
    throw new PsmrError('INVALID_ARGUMENT', 'attach takes what engine.port() returned, posted to this thread.');
  }
  return createClient<S>(clientOfPort(port, await loadService(port.serviceUrl)));
}

export function clientOfPort(port: EnginePort, service: Service): ClientCore & { closeLinks(): void } {
  const hub = new RingHub({ control: port.control, ...port.memory });
  const { commandBytesMax, frameBytesMax, outstandingMax } = port.limits;
  const router = new CommandRouter(service, PartitionMap.fromJson(port.partitionMap));
  const core = new ClientCore({
    router,
    openLink: (group, _session, handlers) => hub.open(group, handlers),
    limits: { ...DEFAULT_CLIENT_LIMITS, commandBytesMax, frameBytesMax, outstandingMax, requestTimeoutMs: Infinity },
    clock: systemClock,
    serverNowMs: Date.now,
    learn: () => Promise.resolve(router),
  });
  return Object.assign(core, { closeLinks: () => hub.close() });
}
