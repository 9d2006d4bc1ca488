/** A service whose worker can be made to die from outside a handler. */
import { isMainThread } from 'node:worker_threads';
import { defineService } from 'psmr';

type Death = 'throw' | 'exit' | 'reject';

let wanted: Death | null = null;

function dieIfWanted(): void {
  if (wanted === 'throw') throw new Error('a timer of the service threw');
  if (wanted === 'exit') process.exit(3);
  if (wanted === 'reject') void Promise.reject(new Error('a promise of the service was rejected'));
}

if (!isMainThread) setInterval(dieIfWanted, 1);

const mortal = defineService({
  name: 'mortal',
  commands: {
    die: {
      keys: (a: { key: string; how: Death }) => [a.key],
      execute(_, a): void {
        wanted = a.how;
      },
    },
    ping: { keys: (a: { key: string }) => [a.key], execute: (): number => 1 },
  },
});

export default mortal;
