/** Where leaders are once a replica that was away is back. */
import { expect, it } from 'vitest';
import { connect } from 'psmr';
import { Replicas, leaderIn } from './replicas.js';
import slowly from './services/slowly.js';

const MISSED = 1000;
/** Each takes a few ms of work. */
const ROUNDS = 4_000_000;

it('a replica leads again when all of its groups have executed what it missed', { timeout: 120_000 }, async () => {
  const replicas = await Replicas.start({ streams: 1, service: 'slowly' });
  const client = await connect<typeof slowly>({ replicas: replicas.urls, service: slowly });
  await replicas.until('each group has the leader that it is to have', (views) =>
    [0, 1].every((group) => leaderIn(views, group) === group + 1),
  );
  await replicas.kill(1);
  for (let nth = 0; nth < MISSED; nth++) await client.execute('work', { key: 'a', rounds: ROUNDS });
  await replicas.run(1);
  // Group 0 itself has missed nothing.
  const lags: number[] = [];
  await replicas.until(
    'group 0 has its leader again',
    (views) => {
      const [missed, executed] = [views[1]?.groups[1]?.commitIndex, views[0]?.groups[1]?.executedIndex];
      if (missed !== undefined && executed !== undefined) lags.push(missed - executed);
      return leaderIn(views, 0) === 1;
    },
    60_000,
  );
  expect(Math.max(...lags)).toBeGreaterThan(MISSED / 2);
  expect(lags.at(-1)).toBeLessThan(MISSED / 10);
  await client.close();
});
