/**
 * Feeds on thousands of schedules of the real nodes: a worker may hear of the feed late, and other threads may do
 * anything between two of its looks at shared memory. Replay a failing seed with PSMR_SEED.
 */
import { expect, it } from 'vitest';
import type { Outcome } from '../../src/client/call.js';
import { randomCommand, SequentialModel, service, type ModelOutcome } from './model-service.js';
import { expectOutcome, forEachSeed, randomSetting } from './random-setting.js';
import { SimulatedClient } from './simulated-client.js';
import { SimulatedEngine } from './simulated-engine.js';
import { SimulatedFeed } from './simulated-feed.js';

const STEPS_MAX = 200_000;
/** A client's command in the midst of the feed: it has an id that no command of the feed has. */
const STRANGER = 1_000_000;

async function simulate(random: () => number): Promise<void> {
  const { map, keys, isShared } = randomSetting(random, 5);
  const engine = new SimulatedEngine(service, map, random);
  const client = new SimulatedClient(engine, 1);
  const feed = new SimulatedFeed(engine);
  const total = 20 + Math.floor(random() * 40);
  const commands = Array.from({ length: total }, (_, id) => randomCommand(random, keys, id));
  let sent = 0;
  const append = (): void => {
    const batch = commands.slice(sent, sent + 1 + Math.floor(random() * 6));
    sent += batch.length;
    if (batch.length > 0) feed.append(batch);
  };
  // While a stream looks from one word to the next, the feed's thread and group 0's may come far.
  engine.betweenReads = () => {
    for (let events = Math.floor(random() * 12) - 6; events > 0; events--) {
      const roll = random();
      if (roll < 0.25) append();
      else if (roll < 0.5)
        feed.deliver(0); // group 0's, if it has not come yet
      else engine.nodes[0]?.poll();
    }
  };
  let strangerSent = false;
  for (let steps = 0; sent < total || !feed.settled || !engine.drained; steps++) {
    if (steps > STEPS_MAX) throw new Error(`stuck after ${sent} of ${total} commands: ${engine.describe()}`);
    if (random() < 0.05) append();
    if (random() < 0.05) feed.deliver(random());
    if (feed.opened && !strangerSent) {
      strangerSent = true;
      client.send([[STRANGER, ['add', { key: keys[0], by: 1, id: STRANGER }]]]);
      client.send([[STRANGER + 1, ['total', {}]]], true);
    }
    engine.step();
    feed.receive();
    client.receive();
    // Promises settle between two turns.
    if (steps % 16 === 0) await Promise.resolve();
  }

  // A read of one stream is nobody else's business; one of several has a place in group 0's log, which is the feed's.
  const refused = client.rejections.map((error) => error.code);
  expect(refused).toEqual(map.streams === 1 ? ['FEED_ORDER'] : ['FEED_ORDER', 'FEED_ORDER']);
  const model = new SequentialModel(isShared);
  const outcomes = await feed.outcomes();
  commands.forEach((command, id) => expectOutcome(outcomeOf(outcomes[id]), model.run(command), id));
  expect(engine.content()).toEqual(model.content);
  // Nobody but the feed has put anything into a log: not even an entry that only follows group 0.
  expect(engine.logs.map((log) => log.entries.length)).toEqual(feed.sent);
}

function outcomeOf(outcome: Outcome | undefined): ModelOutcome {
  if (outcome === undefined) return { error: 'no outcome' };
  return outcome.ok ? { value: outcome.value } : { error: outcome.error.message };
}

it('a feed is executed in its order, and nothing but the feed, whenever each worker hears of it', async () => {
  await forEachSeed('feed.test.ts', 600, simulate);
});
