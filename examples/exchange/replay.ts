/**
 * Replays recorded orders of one stock through the exchange, and compares every trade, and the book at the end, with
 * the recording: `node dist/examples/exchange/replay.js [file]`. Without a file it looks where PSMR_ORDERS says, then at
 * ../shared/data/orders-aapl.csv; if nothing is there, it makes up a recording.
 */
import { existsSync, readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { Engine, type FeedCommand } from 'psmr';
import type { Check } from './check.js';
import { generateRecording } from './generated.js';
import { MAKER, parseRecording, TAKER, type RecordedCommand, type Replay } from './recording.js';
import type { OrderResult } from './service.js';

const DEFAULT_FILE = '../shared/data/orders-aapl.csv';
const GENERATED_MESSAGES = 20_000;
const SYMBOL = 'AAPL';
const BATCH = 1000;
const LEVELS = 100;
const WRONG_SHOWN_MAX = 5;
const print = (line: string): boolean => process.stdout.write(`${line}\n`);

type Feed = ReturnType<Engine['feed']>;
type Outcome = Awaited<ReturnType<Feed['append']>>[number];

async function replay(recording: Replay): Promise<boolean> {
  const { commands, older, outOfTurn, hidden } = recording;
  print(`${commands.length} commands, ${older} of them orders from before the recording`);
  print(`${outOfTurn} executions out of turn are replayed as cancels, ${hidden} of hidden orders are left out`);
  const engine = await Engine.start({ service: new URL('./service.js', import.meta.url), streams: 2 });
  try {
    const feed = engine.feed();
    const start = performance.now();
    const wrong = await feedAll(feed, commands);
    const seconds = (performance.now() - start) / 1000;
    print(`${Math.round(commands.length / seconds)} commands per second`);

    const [depth, check] = await feed.append({ commands: [['depth', { symbol: SYMBOL, levels: LEVELS }], ['check']] });
    const due = { buy: recording.depth.buy.slice(0, LEVELS), sell: recording.depth.sell.slice(0, LEVELS) };
    const equal = depth?.ok === true && isDeepStrictEqual(depth.value, due);
    // The feed carries any service's results; this is of `check`.
    const { problems, orders } = check?.ok === true ? (check.value as Check) : { problems: ['no check'], orders: 0 };
    for (const line of [...wrong.slice(0, WRONG_SHOWN_MAX), ...problems]) print(`WRONG: ${line}`);
    const trades = commands.filter(({ expected }) => typeof expected !== 'number' && expected.length > 0).length;
    print(`${trades} trades; ${wrong.length} results differ from the recording`);
    print(`the book at the end, ${orders} orders, is ${equal ? 'that of the recording' : 'ANOTHER'}`);
    return wrong.length === 0 && equal && problems.length === 0;
  } finally {
    await engine.stop();
  }
}

/** Returns, in sentences, which results are not what the recording says. */
async function feedAll(feed: Feed, commands: readonly RecordedCommand[]): Promise<string[]> {
  const limit = Number.MAX_SAFE_INTEGER;
  const opening = [MAKER, TAKER].map((account): FeedCommand => [
    'allot',
    { account, limit, to: [{ symbol: SYMBOL, amount: limit }] },
  ]);
  await feed.append({ timestampMs: 0, commands: opening });
  const batches: Promise<string[]>[] = [];
  for (let at = 0; at < commands.length; at += BATCH) {
    const batch = commands.slice(at, at + BATCH);
    // Time is the recording's. Nothing waits: the order is that of the feed.
    const timestampMs = batch[0]?.timestampMs ?? 0;
    const outcomes = feed.append({ timestampMs, commands: batch.map(({ command }) => command) });
    batches.push(outcomes.then((all) => batch.flatMap((recorded, nth) => difference(recorded, all[nth]))));
  }
  return (await Promise.all(batches)).flat();
}

function difference({ command, expected }: RecordedCommand, outcome: Outcome | undefined): string[] {
  const what = `${command[0]} ${JSON.stringify(command[1])}`;
  if (outcome?.ok !== true) return [`${what}: ${outcome?.error.message ?? 'no outcome'}`];
  // The feed carries any service's results; these are of `order` and `cancel`.
  const result = outcome.value as OrderResult | number;
  const found = typeof result === 'number' ? result : result.fills;
  const refused = typeof result === 'number' ? null : result.refused;
  if (refused === null && isDeepStrictEqual(found, expected)) return [];
  return [`${what}: ${refused ?? JSON.stringify(found)}, the recording has ${JSON.stringify(expected)}`];
}

const named = process.argv[2] ?? process.env['PSMR_ORDERS'];
const file = named ?? DEFAULT_FILE;
if (existsSync(file)) {
  print(file);
  if (!(await replay(parseRecording(readFileSync(file, 'utf8'), SYMBOL)))) process.exitCode = 1;
} else if (named === undefined) {
  print(`There is no ${file}: a generated recording of ${GENERATED_MESSAGES} messages is replayed.`);
  if (!(await replay(parseRecording(generateRecording(GENERATED_MESSAGES), SYMBOL)))) process.exitCode = 1;
} else {
  process.stderr.write(`There is no recording at ${file}. Give the path of one: LOBSTER's messages, as CSV.\n`);
  process.exitCode = 2;
}
