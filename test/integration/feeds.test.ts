import { describe, expect, it } from 'vitest';
import type { Feed, FeedBatch, FeedCommand } from 'psmr';
import { rejectionOf } from './codes.js';
import { serviceUrl } from './compiled.js';
import type registers from './services/registers.js';
import { startEngine } from './temporary.js';

const service = serviceUrl('registers');
const write = ['write', { key: 'a', value: 1 }] as const;

/** What JavaScript lets through. */
const UNUSABLE = [
  [{}, 'commands is no list'],
  [{ commands: 'write' }, 'commands is no list'],
  [{ commands: [write, null] }, 'commands[1]'],
  [{ commands: [write, 'write'] }, 'commands[1]'],
  [{ commands: [write], timestampMs: NaN }, 'timestampMs is NaN'],
  [{ commands: [write], timestampMs: Infinity }, 'timestampMs is Infinity'],
  [{ commands: [write], timestampMs: '5' }, 'timestampMs is 5'],
  [{ commands: [write], timestampMs: 5n }, 'timestampMs is 5'],
] as const;

describe('a feed', () => {
  it('refuses a batch that it cannot use, and executes nothing of it, then or later', async () => {
    const feed = (await startEngine({ service, streams: 2 })).feed();
    for (const [batch, sentence] of UNUSABLE) {
      const error = await rejectionOf(feed.append(batch as unknown as FeedBatch));
      expect(error.code).toBe('INVALID_ARGUMENT');
      expect(error.message).toContain(sentence);
      expect(await resultOf(feed, ['read', { key: 'a' }])).toBe(null);
    }
    await feed.append({ timestampMs: 5.5, commands: [write] });
    expect(await resultOf(feed, ['read', { key: 'a' }])).toBe(1);
  });

  it('takes the logs of two streams and of group 0, as docs/embedding.md shows', async () => {
    const feed = (
      await startEngine({ service: new URL('../../dist/examples/bank.js', import.meta.url), streams: 2 })
    ).feed();
    const first = feed.appendStream({ stream: 2, mergePoint: 0, commands: [['deposit', { account: 'a', amount: 5 }]] });
    const sync = feed.nextSyncIndex;
    const transfer = feed.appendSync({ commands: [['transfer', { from: 'a', to: 'b', amount: 1 }]] });
    const second = feed.appendStream({
      ...{ stream: 1, mergePoint: sync },
      commands: [
        ['deposit', { account: 'b', amount: 5 }],
        ['deposit', { account: 'a', amount: 5 }],
        ['transfer', { from: 'a', to: 'b', amount: 1 }],
      ],
    });
    void feed.appendStream({ stream: 2, mergePoint: sync, commands: [] });
    const outcomes = (await Promise.all([first, transfer, second])).flat();
    expect(outcomes.map((outcome) => (outcome.ok ? outcome.value : outcome.error.message))).toEqual([
      ...[5, 4, 6],
      "Command 'deposit' belongs to stream 2, not to stream 1.",
      "Command 'transfer' belongs to streams 1, 2, and so into the log of group 0: give it to appendSync.",
    ]);
  });

  it('is refused as soon as a client has an answer', async () => {
    for (let round = 0; round < 8; round++) {
      const engine = await startEngine({ service, streams: 1 });
      await engine.client<typeof registers>().execute('write', { key: 'a', value: 1 });
      expect(() => engine.feed()).toThrow(expect.objectContaining({ code: 'FEED_ORDER' }) as Error);
      await engine.stop();
    }
  });
});

async function resultOf(feed: Feed, command: FeedCommand): Promise<unknown> {
  const [outcome] = await feed.append({ commands: [command] });
  return outcome?.ok === true ? outcome.value : outcome?.error;
}
