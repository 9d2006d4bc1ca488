import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CELL_TEXT_MAX, TextCells } from '../../src/execution/text-cells.js';

const ascii = fc.string({ unit: 'binary-ascii' });
const longer = fc.nat({ max: CELL_TEXT_MAX + 40 }).map((length) => 'x'.repeat(length));
/** Some of them with as many bytes as characters once they are cut off somewhere. */
const others = fc.string({ unit: 'grapheme', maxLength: 60 });
const text = fc.oneof(ascii, longer, others);

function fitsCell(value: string): boolean {
  return value.length <= CELL_TEXT_MAX && Buffer.byteLength(value) === value.length;
}

describe('TextCells', () => {
  it('keep each text of ASCII that is short enough, in whatever order and size they come, and take no other', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat({ max: 70 }), text), { maxLength: 200 }), (writes) => {
        const cells = new TextCells();
        const model = new Map<number, string>();
        for (const [cell, value] of writes) {
          expect(cells.write(cell, value)).toBe(fitsCell(value));
          if (fitsCell(value)) model.set(cell, value);
        }
        for (const [cell, value] of model) expect(cells.read(cell)).toBe(value);
      }),
      { numRuns: 300 },
    );
  });

  it('keep a text of the greatest length beside empty ones', () => {
    const cells = new TextCells();
    const longest = 'y'.repeat(CELL_TEXT_MAX);
    cells.write(0, '');
    cells.write(1, longest);
    cells.write(2, '');
    expect([0, 1, 2].map((cell) => cells.read(cell))).toEqual(['', longest, '']);
  });
});
