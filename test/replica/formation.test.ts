import { describe, expect, it } from 'vitest';
import { decideFormation, type FormationView } from '../../src/replica/formation.js';
import { seededRandom } from '../seeded-random.js';

const ALL = [1, 2, 3];
const fresh = (incarnation: string): FormationView => ({ incarnation, formed: null });
const FORMED = { '1': 'a', '2': 'b', '3': 'c' };

describe('a replica with an empty directory', () => {
  it('waits until all replicas have been seen', () => {
    const decision = decideFormation(1, fresh('a'), ALL, new Map([[3, fresh('c')]]));
    expect(decision).toEqual({ type: 'wait', missing: [2] });
  });

  it('takes part once all are there and empty', () => {
    const peers = new Map([2, 3].map((id) => [id, fresh(id === 2 ? 'b' : 'c')]));
    expect(decideFormation(1, fresh('a'), ALL, peers)).toEqual({ type: 'take-part', formed: FORMED });
  });

  it('takes part where another has gone on already, and has seen this directory', () => {
    const peers = new Map([[1, { incarnation: 'a', formed: FORMED }]]);
    expect(decideFormation(2, fresh('b'), ALL, peers)).toEqual({ type: 'take-part', formed: FORMED });
  });

  it('does not where the cluster was formed without it: its disk was lost', () => {
    const peers = new Map([[3, { incarnation: 'c', formed: FORMED }]]);
    expect(decideFormation(2, fresh('new'), ALL, peers)).toEqual({ type: 'rebuild', formedBy: 3 });
    expect(decideFormation(4, fresh('d'), [1, 2, 3, 4], peers)).toEqual({ type: 'rebuild', formedBy: 3 });
  });

  it('alone needs nobody', () => {
    expect(decideFormation(1, fresh('a'), [1], new Map())).toEqual({ type: 'take-part', formed: { '1': 'a' } });
  });
});

it('a replica that has taken part before asks nobody', () => {
  expect(decideFormation(1, { incarnation: 'a', formed: FORMED }, ALL, new Map()).type).toBe('take-part');
});

it('no directory ever takes part that was not there when the cluster was formed', () => {
  const seed = Number(process.env['FAST_CHECK_SEED']);
  const random = seededRandom(seed);
  const pick = (count: number): number => Math.floor(random() * count);
  for (let run = 0; run < 300; run++) {
    let drawn = 0;
    const views = new Map(ALL.map((id) => [id, fresh(`${id}.${drawn++}`)]));
    /** Of directories that took part; at most one per replica may ever be in here. */
    const took = new Map<number, string>();
    for (let step = 0; step < 40; step++) {
      const own = 1 + pick(3);
      const view = views.get(own) ?? fresh('');
      // Any of the others may be down, and disks are lost now and then, once the cluster stands by a majority at most.
      if (random() < 0.15 && [...views.values()].filter(({ formed }) => formed !== null).length > 1) {
        views.set(own, fresh(`${own}.${drawn++}`));
        continue;
      }
      const peers = new Map([...views].filter(([id]) => id !== own && random() < 0.8));
      const decision = decideFormation(own, view, ALL, peers);
      if (decision.type !== 'take-part') continue;
      expect([undefined, view.incarnation], `seed ${seed}, run ${run}`).toContain(took.get(own));
      took.set(own, view.incarnation);
      views.set(own, { ...view, formed: decision.formed });
    }
  }
});
