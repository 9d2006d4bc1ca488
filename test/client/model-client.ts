/** A client core over the model server, with commands known by a number and groups by that number's remainder. */
import { ClientCore } from '../../src/client/client-core.js';
import { type ClientLimits, DEFAULT_CLIENT_LIMITS } from '../../src/client/client-limits.js';
import type { CommandType } from '../../src/client/command-queue.js';
import type { Route, Router } from '../../src/client/command-router.js';
import { PsmrError } from '../../src/errors.js';
import { maskOfAll, maskOfStream } from '../../src/transport/frame-check.js';
import { idOf, ModelServer } from './model-server.js';
import { seededRandom, SimulatedClock } from './simulated-clock.js';

const TYPES: Record<string, CommandType> = {
  write: { name: 'write', readOnly: false, everyKey: false },
  fails: { name: 'fails', readOnly: false, everyKey: false },
  read: { name: 'read', readOnly: true, everyKey: false },
};

export const GROUPS = 3;

/** Under each epoch commands belong elsewhere. */
export function modelRouter(epoch: number, groups = GROUPS): Router {
  return {
    epoch,
    route(name: string, args: unknown): Route {
      const type = TYPES[name];
      if (type === undefined) throw new PsmrError('UNKNOWN_COMMAND', `no command ${name}`);
      const group = (idOf(args) + epoch) % groups;
      return { type, group, mask: group === 0 ? maskOfAll(groups - 1) : maskOfStream(group) };
    },
  };
}

export interface Model {
  readonly clock: SimulatedClock;
  readonly server: ModelServer;
  readonly client: ClientCore;
}

export function createModel(seed: number, limits: Partial<ClientLimits> = {}): Model {
  const clock = new SimulatedClock(seededRandom(seed));
  const server = new ModelServer(clock);
  const client = new ClientCore({
    router: modelRouter(1),
    openLink: server.open,
    limits: { ...DEFAULT_CLIENT_LIMITS, ...limits },
    clock,
    reads: 'leader',
    serverNowMs: () => 1_700_000_000_000 + clock.now(),
    learn: () => Promise.resolve(modelRouter(server.learnedEpoch ?? server.epoch)),
  });
  return { clock, server, client };
}

/** Lets time pass until `untilMs` or until nothing is left to happen; what promises start belongs to their time. */
export async function passTime(clock: SimulatedClock, untilMs: number): Promise<void> {
  for (let next = clock.nextMs; next <= untilMs; next = clock.nextMs) {
    clock.run(next + 1);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
