/**
 * Short texts of a table's entries, outside V8's heap. Most values are a few dozen characters of ASCII, and each is
 * overwritten a moment later: kept as strings, they survive the young generation, and copying them there and collecting
 * them later took a third of a replica's processor time. Here a text is copied once into its entry's cell, and made a
 * string again when it is read.
 *
 *   words     a cell per entry, all of one size, which doubles when a text needs more; a byte per character
 *   lengths   of the texts
 */
/** Longest text, characters: what a cell may cost an entry that does not need it. */
export const CELL_TEXT_MAX = 128;

const WORD_BYTES = 4;
const CELL_WORDS_MIN = 4;
const CELLS_MIN = 16;

/** Room for any text of CELL_TEXT_MAX characters in UTF-8. */
const scratch = new Int32Array((3 * CELL_TEXT_MAX) / WORD_BYTES);
const scratchBytes = new Uint8Array(scratch.buffer);
const encoder = new TextEncoder();

export class TextCells {
  #cellWords = CELL_WORDS_MIN;
  #words: Int32Array;
  #bytes: Buffer;
  #lengths = new Uint8Array(CELLS_MIN);

  constructor() {
    [this.#words, this.#bytes] = memoryOf(CELLS_MIN * CELL_WORDS_MIN);
  }

  /** False: a text of this kind finds no room in a cell. */
  write(cell: number, text: string): boolean {
    const { length } = text;
    // As many bytes as characters: ASCII.
    if (length > CELL_TEXT_MAX || encoder.encodeInto(text, scratchBytes).written !== length) return false;
    if (cell >= this.#lengths.length || length > this.#cellWords * WORD_BYTES) this.#fit(cell, length);
    const words = this.#words;
    const from = cell * this.#cellWords;
    const count = (length + WORD_BYTES - 1) >>> 2;
    for (let at = 0; at < count; at++) words[from + at] = scratch[at] as number;
    this.#lengths[cell] = length;
    return true;
  }

  read(cell: number): string {
    const from = cell * this.#cellWords * WORD_BYTES;
    return this.#bytes.toString('latin1', from, from + (this.#lengths[cell] as number));
  }

  /** Of the cells from one to another, which are 0 and up in it. */
  copy(from: number, end: number): TextCells {
    const copy = new TextCells();
    copy.#lengths = this.#lengths.slice(from, end);
    copy.#cellWords = this.#cellWords;
    [copy.#words, copy.#bytes] = memoryOf(copy.#lengths.length * this.#cellWords);
    copy.#words.set(this.#words.subarray(from * this.#cellWords, end * this.#cellWords));
    return copy;
  }

  /** See KeyTable's prefetch. */
  touch(cell: number): number {
    return this.#words[cell * this.#cellWords] as number;
  }

  #fit(cell: number, length: number): void {
    const { length: cells } = this.#lengths;
    const [cellWords, words] = [this.#cellWords, this.#words];
    const lengths = new Uint8Array(doubledPast(cells, cell + 1));
    lengths.set(this.#lengths);
    this.#lengths = lengths;
    this.#cellWords = doubledPast(cellWords, length / WORD_BYTES);
    [this.#words, this.#bytes] = memoryOf(lengths.length * this.#cellWords);
    for (let at = 0; at < cells; at++) {
      this.#words.set(words.subarray(at * cellWords, (at + 1) * cellWords), at * this.#cellWords);
    }
  }
}

function doubledPast(size: number, wanted: number): number {
  let doubled = size;
  while (doubled < wanted) doubled *= 2;
  return doubled;
}

function memoryOf(words: number): [Int32Array, Buffer] {
  const bytes = Buffer.alloc(words * WORD_BYTES);
  return [new Int32Array(bytes.buffer, bytes.byteOffset, words), bytes];
}
