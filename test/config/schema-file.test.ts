import { format } from 'prettier';
import { expect, it } from 'vitest';
import { configJsonSchema } from '../../src/config/accepted.js';

// `npx vitest run test/config/schema-file --update` writes the file anew.
it('psmr.config.schema.json says what the engine accepts', async () => {
  const text = await format(JSON.stringify(configJsonSchema()), { parser: 'json', printWidth: 120, singleQuote: true });
  await expect(text).toMatchFileSnapshot('../../psmr.config.schema.json');
});

it('every field of the schema is described', () => {
  const undescribed = Object.entries(configJsonSchema().properties ?? {})
    .filter(([, field]) => typeof field === 'object' && field.description === undefined)
    .map(([name]) => name);
  expect(undescribed).toEqual([]);
});
