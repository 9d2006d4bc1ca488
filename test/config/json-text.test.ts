import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findJsonFault } from '../../src/config/json-text.js';

describe('findJsonFault', () => {
  it('finds nothing in JSON', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(findJsonFault(text)).toBeNull();
      }),
    );
  });

  it('finds the end, and nothing before it, where JSON is cut off', () => {
    const literals = fc.constantFrom('true', 'false', 'null', '-0.5e-7', '"\\u00e9\\n"', '[-1.25, {"a" : "\\\\"}]');
    fc.assert(
      fc.property(fc.oneof(fc.json(), literals), fc.nat(), (json, cut) => {
        const text = `{ "a": [${json}, ${json}] }`;
        const prefix = text.slice(0, cut % text.length);
        expect(findJsonFault(prefix)).toEqual({ line: 1, column: prefix.length + 1, character: null });
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    ['{\n  "streams": 4,\n}', 3, 1, '}'],
    ['{\n  "streams": 4\n  "port": 1\n}', 3, 3, '"'],
    ['{ streams: 4 }', 1, 3, 's'],
    ["{ 'streams': 4 }", 1, 3, "'"],
    ['{ "a": 1 } // note', 1, 12, '/'],
    ['{ "a": 01 }', 1, 9, '1'],
    ['{ "a": trie }', 1, 10, 'i'],
    ['{ "a": "one\ntwo" }', 1, 12, '\n'],
    ['{ "a": "\\x" }', 1, 10, 'x'],
    ['[1, 2}', 1, 6, '}'],
  ])('finds the first character that cannot stand where it does: %j', (text, line, column, character) => {
    expect(findJsonFault(text)).toEqual({ line, column, character });
  });
});
