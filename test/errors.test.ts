import { describe, expect, it } from 'vitest';
import { PsmrError } from '../src/errors.js';

describe('a PsmrError', () => {
  it('tells all that it says as JSON, also inside of what a batch gives', () => {
    const error = new PsmrError('INVALID_ARGUMENT', 'Give 1 to 3.', {
      cause: new Error('secret'),
      details: { most: 3 },
    });
    const outcomes = [
      { ok: true, value: 5 },
      { ok: false, error },
    ];
    const told = { name: 'PsmrError', code: 'INVALID_ARGUMENT', message: 'Give 1 to 3.', details: { most: 3 } };
    expect(JSON.parse(JSON.stringify(outcomes))).toEqual([outcomes[0], { ok: false, error: told }]);
  });
});
