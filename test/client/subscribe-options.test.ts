import { describe, expect, it } from 'vitest';
import { checkedSubscribeOptions } from '../../src/client/subscribe-options.js';

describe('options of a subscription', () => {
  it('have defaults', () => {
    expect(checkedSubscribeOptions({ keys: ['a'] })).toEqual({ keys: ['a'], prefixes: [], bufferBytes: 1 << 20 });
  });

  it('may hold a position that was kept as JSON', () => {
    const after = JSON.parse('[[7,3],null]') as unknown;
    expect(checkedSubscribeOptions({ prefixes: [''], after })).toMatchObject({ after: [[7, 3], null] });
  });

  it.each([
    ['none', undefined, /its options/],
    ['of no topic', {}, /0 keys and prefixes/],
    ['of too many topics', { keys: Array.from({ length: 1025 }, (_, at) => `k${at}`) }, /1025 keys and prefixes/],
    ['with keys that are no list', { keys: 'abc' }, /keys: /],
    ['with a key that is no string', { keys: ['a', 5] }, /keys\.1: /],
    ['with a small buffer', { keys: ['a'], bufferBytes: 0 }, /bufferBytes: /],
    ['with a position that is none', { keys: ['a'], after: 'x' }, /after: /],
    ['with half a place', { keys: ['a'], after: [[1]] }, /after\.0/],
    ['with a field that is misspelt', { key: ['a'] }, /"key"/],
  ])('%s are refused in a sentence', (_, options, sentence) => {
    expect(() => checkedSubscribeOptions(options)).toThrow(
      expect.objectContaining({
        code: 'INVALID_ARGUMENT',
        message: expect.stringMatching(sentence) as string,
      }) as Error,
    );
  });
});
