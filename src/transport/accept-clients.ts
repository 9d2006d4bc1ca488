/** An endpoint whose connections are client sessions. */
import type { Endpoint, EndpointOptions } from './endpoint.js';
import { listen } from './listen.js';
import { SessionGate, type SessionGateHandlers } from './session-gate.js';

/** Opens the endpoint of one group. Errors as those of `listen`. */
export function acceptClients(options: EndpointOptions, handlers: SessionGateHandlers): Promise<Endpoint> {
  return listen(options, new SessionGate(handlers));
}
