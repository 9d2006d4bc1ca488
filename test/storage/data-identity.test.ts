import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPartitionMap } from '../../src/classifier/create-partition-map.js';
import { decodeIdentity, encodeIdentity } from '../../src/storage/data-identity.js';

describe('identity.json', () => {
  it('is read as it was written, whatever JSON the partition map is', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer(), fc.jsonValue(), (service, streams, json) => {
        const partitionMap: unknown = JSON.parse(JSON.stringify(json));
        const identity = { service, streams, partitionMap };
        expect(decodeIdentity('identity.json', encodeIdentity(identity))).toEqual(identity);
      }),
    );
  });

  it('has a line per field, for people: the slots of a partition map take one', () => {
    const partitionMap = createPartitionMap({ streams: 2 }).toJson();
    const lines = encodeIdentity({ service: 'bank', streams: 2, partitionMap }).split('\n');
    expect(lines).toHaveLength(15);
    expect(lines.slice(5, 7)).toEqual(['    "service": "bank",', '    "streams": 2,']);
    expect(lines[9]).toMatch(/^ {6}"slots": \[1,2,1,2,.*1,2\],$/);
  });
});
