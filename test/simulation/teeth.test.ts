import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

interface Break {
  readonly broken: string;
  readonly changes: readonly (readonly [file: string, found: string, instead: string])[];
}

it('each way to break the code, of `npm run simulate:teeth`, fits the code as it is', async () => {
  const file = new URL('./breaks.mjs', import.meta.url);
  const { BREAKS } = (await import(file.href)) as { BREAKS: readonly Break[] };
  expect(BREAKS.length).toBeGreaterThan(8);
  const misfits = BREAKS.flatMap(({ broken, changes }) =>
    changes
      .filter(([path, found]) => {
        const text = readFileSync(join(import.meta.dirname, '../..', path), 'utf8');
        return text.split(found).length !== 2;
      })
      .map(([path, found]) => `${broken}: ${path} does not hold once: ${found}`),
  );
  expect(misfits).toEqual([]);
});
