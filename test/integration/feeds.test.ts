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
