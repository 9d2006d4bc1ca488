import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { PsmrError } from '../../src/errors.js';
import { Counter, Counters, createCounters } from '../../src/memory/counters.js';
import type { ReplicationEvents } from '../../src/replica/replicated-log.js';
import { ReplicationControl } from '../../src/replica/replication-control.js';
import { StallWatch } from '../../src/replica/stall-watch.js';
import { SimulatedGroup } from '../ordering/raft/simulated-group.js';

const nobody = (): void => {
  throw new Error('nobody hears of it');
};

describe('a leader that is stuck', () => {
  it('tells the operator when nobody takes its group over', async () => {
    const group = new SimulatedGroup(1, 1);
    await group.start(1);
    const { log } = await group.elected();
    const events: ReplicationEvents = {
      checkpointNeeded: nobody,
      problem: nobody,
      malformed: nobody,
      reachable: nobody,
    };
    const parts = {
      stalls: new StallWatch(250),
      sight: () => ({ cutOff: true, diskHangs: true, stuckAt: 7 }),
      counters: new Counters(createCounters(1), 0),
    };
    let tell: (message: string) => void = nobody;
    const told = new Promise<string>((resolve) => (tell = resolve));
    const control = new ReplicationControl({ log, events }, parts, (message) => {
      if (message.type === 'problem') tell(message.message);
    });
    expect(await told).toMatch(
      /^Group 1 should be led by another replica, and none has taken it yet: this replica is cut off/,
    );
    control.close();
    await log.close();
  });
});

describe('messages that no replica without a fault sends', () => {
  const events: ReplicationEvents = { checkpointNeeded: nobody, problem: nobody, malformed: nobody, reachable: nobody };
  let counters: Counters;
  let told: string[];

  beforeEach(async () => {
    const { log } = await new SimulatedGroup(1, 3).start(1);
    counters = new Counters(createCounters(1), 0);
    told = [];
    const parts = {
      stalls: new StallWatch(250),
      sight: () => ({ cutOff: false, diskHangs: false, stuckAt: null }),
      counters,
    };
    const control = new ReplicationControl({ log, events }, parts, (message) => {
      if (message.type === 'problem') told.push(message.message);
    });
    onTestFinished(async () => {
      control.close();
      await log.close();
    });
  });

  const receive = (from: number, times: number): void => {
    for (let nth = 0; nth < times; nth++) events.malformed(from, new PsmrError('BAD_FRAME', `It is number ${nth}.`));
  };

  it('are all counted, and an operator is told of the first one of each replica', () => {
    receive(2, 5);
    receive(3, 2);
    expect(counters.get(Counter.malformedPeerMessages)).toBe(7);
    expect(told).toEqual([
      expect.stringMatching(/^Replica 2 sends in group 1 .*It is number 0\..*psmr_malformed_peer_messages_total/),
      expect.stringMatching(/^Replica 3 sends in group 1 .*It is number 0\./),
    ]);
  });

  it('are told of again on a new link', () => {
    receive(2, 1);
    events.reachable(3, true);
    receive(2, 1);
    expect(told).toHaveLength(1);
    events.reachable(2, false);
    events.reachable(2, true);
    receive(2, 2);
    expect(told).toHaveLength(2);
  });
});
