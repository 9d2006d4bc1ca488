/**
 * Replays an hour of recorded orders of one stock through the exchange, and compares every trade and the book at the
 * end with the recording: `node dist/examples/exchange/replay.js [file]`.
 */
import { existsSync, readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { Engine, type FeedCommand } from 'psmr';
import { MAKER, parseRecording, TAKER, type RecordedCommand } from './recording.js';
import type exchange from './service.js';
import type { OrderResult } from './service.js';

const DEFAULT_FILE = '../shared/data/orders-aapl.csv';
const SYMBOL = 'AAPL';
const BATCH = 1000;
const LEVELS = 100;
const WRONG_SHOWN_MAX = 5;
const print = (line: string): boolean => process.stdout.write(`${line}\n`);

async function replay(file: string): Promise<boolean> {
  const recording = parseRecording(readFileSync(file, 'utf8'), SYMBOL);
  const { commands, older, outOfTurn, hidden } = recording;
  print(`${file}: ${commands.length} commands, ${older} of them orders from before the recording`);
  print(`${outOfTurn} executions out of turn are replayed as cancels, ${hidden} of hidden orders are left out`);
  const engine = await Engine.start({ service: new URL('./service.js', import.meta.url), streams: 2 });
  try {
    const feed = engine.feed();
    const limit = Number.MAX_SAFE_INTEGER;
    const opening = [MAKER, TAKER].map((account): FeedCommand => [
      'allot',
      { account, limit, to: [{ symbol: SYMBOL, amount: limit }] },
    ]);
    await feed.append({ timestampMs: 0, commands: opening });

    const start = performance.now();
    const batches: Promise<string[]>[] = [];
    for (let at = 0; at < commands.length; at += BATCH) {
      const batch = commands.slice(at, at + BATCH);
      // Time is the recording's. Nothing waits: the engine has its own order, that of the feed.
      const timestampMs = batch[0]?.timestampMs ?? 0;
      const outcomes = feed.append({ timestampMs, commands: batch.map(({ command }) => command) });
      batches.push(outcomes.then((all) => batch.flatMap((recorded, nth) => difference(recorded, all[nth]))));
    }
    const wrong = (await Promise.all(batches)).flat();
    const seconds = (performance.now() - start) / 1000;
    print(`${Math.round(commands.length / seconds)} commands per second`);

    const client = engine.client<typeof exchange>();
    const depth = await client.execute('depth', { symbol: SYMBOL, levels: LEVELS });
    const due = { buy: recording.depth.buy.slice(0, LEVELS), sell: recording.depth.sell.slice(0, LEVELS) };
    const { problems, orders } = await client.execute('check');
    for (const line of [...wrong.slice(0, WRONG_SHOWN_MAX), ...problems]) print(`WRONG: ${line}`);
    const trades = commands.filter(({ expected }) => typeof expected !== 'number' && expected.length > 0).length;
    const equal = isDeepStrictEqual(depth, due);
    print(`${trades} trades; ${wrong.length} results differ from the recording`);
    print(`the book at the end, ${orders} orders, is ${equal ? 'that of the recording' : 'ANOTHER'}`);
    return wrong.length === 0 && equal && problems.length === 0;
  } finally {
    await engine.stop();
  }
}

type Outcomes = Awaited<ReturnType<ReturnType<Engine['feed']>['append']>>;

/** In a sentence, where a result is not what the recording says. */
function difference({ command, expected }: RecordedCommand, outcome: Outcomes[number] | undefined): string[] {
  const what = `${command[0]} ${JSON.stringify(command[1])}`;
  if (outcome?.ok !== true) return [`${what}: ${outcome?.error.message ?? 'no outcome'}`];
  // The feed carries any service's results; these are of `order` and `cancel`.
  const result = outcome.value as OrderResult | number;
  const found = typeof result === 'number' ? result : result.fills;
  const refused = typeof result === 'number' ? null : result.refused;
  if (refused === null && isDeepStrictEqual(found, expected)) return [];
  return [`${what}: ${refused ?? JSON.stringify(found)}, the recording has ${JSON.stringify(expected)}`];
}

const file = process.argv[2] ?? DEFAULT_FILE;
if (existsSync(file)) {
  if (!(await replay(file))) process.exitCode = 1;
} else {
  process.stderr.write(`There is no recording at ${file}. Give the path of one: LOBSTER's messages, as CSV.\n`);
  process.exitCode = 2;
}
