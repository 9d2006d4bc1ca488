import { describe, expect, it } from 'vitest';
import { decodeValue, encodeCommandBatch, encodeValue } from '../../src/execution/command-batch.js';

const encodings = [
  ['MessagePack binary', encodeValue([Buffer.from([1, 2])])],
  ['a typed array', encodeValue([Uint8Array.of(1, 2)])],
] as const;

describe.each(encodings)('bytes inside a decoded value (%s)', (_, encoded) => {
  it('are a Uint8Array, whatever class of array was read', () => {
    expect(decodeValue(Buffer.from(encoded))).toStrictEqual([Uint8Array.of(1, 2)]);
    expect(decodeValue(Uint8Array.from(encoded))).toStrictEqual([Uint8Array.of(1, 2)]);
  });

  it("are the reader's own: changing them changes nothing that was read", () => {
    const source = Uint8Array.from(encoded);
    const [bytes] = decodeValue(source) as [Uint8Array];
    bytes.fill(9);
    expect([...source]).toEqual([...encoded]);
  });
});

it('writes the indexes of a command batch as MessagePack binary, which every library reads', () => {
  const body = encodeCommandBatch(['a'], [0, 0], [1, 2]);
  expect([...body]).toEqual([0x93, 0x91, 0xa1, 0x61, 0xc4, 2, 0, 0, 0x92, 1, 2]);
});
