import { type BenchOptions, parseBenchOptions } from './bench-options.js';
import { flag } from './option-values.js';
import type { Sweep } from './sweep.js';

/** What is measured, not where results go. */
const TELLING = [
  ...['workload', 'mix', 'technique', 'streams', 'cross', 'workUs', 'zipf', 'keys', 'valueBytes', 'feed', 'clients'],
  ...[
    'batch',
    'outstanding',
    'commands',
    'rate',
    'connect',
    'tlsCa',
    'durability',
    'data',
    'trace',
    'seconds',
    'rounds',
    'seed',
  ],
] as const satisfies readonly (keyof BenchOptions)[];

/** Said even where they are the defaults: what a reader wants to see, and what depends on the machine. */
const ALWAYS: readonly (keyof BenchOptions)[] = [
  'workload',
  'technique',
  'streams',
  'feed',
  'trace',
  'seconds',
  'rounds',
];

/** The command line that measures the same again, on any machine. */
export function commandLineOf({ axis, points }: Sweep): string {
  const [first] = points;
  if (first === undefined) return '';
  const standard = parseBenchOptions(
    first.workload === 'blocks' ? { workload: 'blocks', trace: first.trace } : { workload: first.workload },
  );
  const telling = TELLING.filter((name) => first[name] !== null);
  const said = telling.filter((name) => name === axis || ALWAYS.includes(name) || differ(first[name], standard[name]));
  const words = said.map((name) => {
    const values = name === axis ? points.map((point) => point[name]) : [first[name]].flat();
    return `${flag(name)} ${quoted(values.join(','))}`;
  });
  return ['psmr bench', ...words].join(' ');
}

function differ(one: BenchOptions[keyof BenchOptions], other: BenchOptions[keyof BenchOptions]): boolean {
  return String(one) !== String(other);
}

/** For a shell. */
function quoted(word: string): string {
  return /^[\w.,:/@%+=-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
