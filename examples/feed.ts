/**
 * The engine as execution layer: the order comes from a log of your own (here an array; yours may be replicated by
 * whatever means). Two engines with different numbers of clients, threads and moments end in the same state.
 */
import { Engine, type FeedBatch } from 'psmr';

const service = new URL('./bank.js', import.meta.url);

/** What your ordering layer would deliver: batches, each with the time at which it was ordered. */
const log: FeedBatch[] = Array.from({ length: 50 }, (_, entry) => ({
  timestampMs: 1_700_000_000_000 + entry,
  commands: Array.from({ length: 40 }, (_, at) => {
    const account = `account-${(entry * 7 + at) % 100}`;
    return at % 4 === 0
      ? (['transfer', { from: account, to: `account-${(entry + at) % 100}`, amount: 1 }] as const)
      : (['deposit', { account, amount: at }] as const);
  }),
}));

/** Executes the log from its beginning; returns the content hash of each partition. */
async function replica(name: string): Promise<string[]> {
  const engine = await Engine.start({ service, streams: 3 });
  try {
    const feed = engine.feed();
    // Appended without waiting for results: the engine executes in parallel what does not conflict.
    const results = await Promise.all(log.map((batch) => feed.append(batch)));
    const failed = results.flat().filter((outcome) => !outcome.ok).length;
    process.stdout.write(`${name}: ${results.flat().length} results by position, ${failed} of them errors\n`);
    const { parts } = await engine.checkpoint();
    return parts.map((part) => part.hash);
  } finally {
    await engine.stop();
  }
}

const [one, other] = [await replica('one'), await replica('other')];
process.stdout.write(`the same state: ${one.join() === other.join() ? 'yes' : 'no'}\n`);
