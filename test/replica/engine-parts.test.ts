import { expect, it } from 'vitest';
import { resolveEngineOptions } from '../../src/replica/engine-options.js';
import { madeOf, openEngineParts } from '../../src/replica/engine-parts.js';
import { serviceUrl } from '../integration/compiled.js';
import { temporaryDirectory } from '../integration/temporary.js';

it('what is opened for an engine that cannot be made is closed again: another may use the directory', async () => {
  const options = { service: serviceUrl('ledger'), streams: 1, dataDir: temporaryDirectory() };
  const resolved = resolveEngineOptions(options);
  const broken = new Error('no thread can be made');
  const parts = await openEngineParts(resolved, options);
  const made = madeOf(parts, () => {
    throw broken;
  });
  await expect(made).rejects.toBe(broken);
  const again = await openEngineParts(resolved, options);
  expect(await madeOf(again, () => 'made')).toBe('made');
  await again.store.close();
  again.dataDir?.release();
});
