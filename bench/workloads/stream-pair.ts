import { PsmrError } from '../../src/errors.js';
import type { Random } from './random-source.js';
import type { KeyPlacement } from './workload.js';

const ATTEMPTS_MAX = 10_000;

/** Two different keys in two streams, or in one. `choose` gives a key, as often as it is asked. */
export function choosePair(
  choose: (random: Random) => string,
  across: boolean,
  placement: KeyPlacement,
  random: Random,
): [first: string, second: string] {
  const first = choose(random);
  // With one stream there is nothing to cross; the command keeps its two keys.
  const apart = across && placement.streams > 1;
  const stream = placement.streamOf(first);
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const second = choose(random);
    if (second !== first && (placement.streamOf(second) !== stream) === apart) return [first, second];
  }
  throw new PsmrError(
    'INVALID_ARGUMENT',
    `No second key ${apart ? 'in another' : 'in the same'} stream was found for '${first}'. Use more --keys or fewer --streams.`,
  );
}
