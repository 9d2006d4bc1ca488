/**
 * Short texts of a list of values, apart from the rest. Most values of a batch are texts of a few dozen characters, by the
 * thousand: written one by one they take msgpackr a fifth of all processor time, written as one text little more than half of that. And
 * each value that is kept as it is (the longer ones, see text-cells.ts) holds on to the text that it was cut from: that is a
 * piece of PIECE bytes here, and up to 6,000 where msgpackr reads texts itself.
 *
 *   slots   a byte per value: 0 to 252, a text of so many characters; 253: undefined; 254: nil; 255: any other value
 *   text    the short texts, one behind the other, a byte per character (ISO 8859-1; only ASCII is written)
 *   values  the others
 */
export const SHORT_TEXT_MAX = 252;
const UNDEFINED = 253;
const NIL = 254;
const OTHER = 255;
/** With fewer texts a list is written as it is. */
const TEXTS_MIN = 8;
/** Bytes that are read at once: what a text that is kept may cost beyond its own length. */
const PIECE = 256;

export interface SplitValues {
  readonly values: readonly unknown[];
  /** Slots and text, or nothing where `values` is the whole list. */
  readonly short: readonly [slots: Uint8Array, text: Uint8Array] | readonly [];
}

export function splitValues(values: readonly unknown[]): SplitValues {
  return split(values, isShort) ?? split(values, isShortAscii) ?? { values, short: [] };
}

/** Null: one of the texts has other characters than ASCII's. */
function split(values: readonly unknown[], isApart: (text: string) => boolean): SplitValues | null {
  const slots = binary(values.length);
  const others: unknown[] = [];
  const texts: string[] = [];
  for (let at = 0; at < values.length; at++) {
    const value = values[at];
    if (typeof value === 'string' && isApart(value)) {
      slots[at] = value.length;
      texts.push(value);
    } else if (value === undefined) slots[at] = UNDEFINED;
    else if (value === null) slots[at] = NIL;
    else {
      slots[at] = OTHER;
      others.push(value);
    }
  }
  if (texts.length < TEXTS_MIN) return { values, short: [] };
  const text = texts.join('');
  const bytes = utf8Of(text);
  return bytes.length === text.length ? { values: others, short: [slots, bytes] } : null;
}

function isShort(value: string): boolean {
  return value.length <= SHORT_TEXT_MAX;
}

function isShortAscii(value: string): boolean {
  if (!isShort(value)) return false;
  for (let at = 0; at < value.length; at++) if (value.charCodeAt(at) > 0x7f) return false;
  return true;
}

/** The list that `splitValues` made these of; null where they do not fit each other. */
export function readValues([values, ...short]: readonly unknown[]): readonly unknown[] | null {
  if (!Array.isArray(values)) return null;
  return short.length === 0 ? (values as readonly unknown[]) : joined(values, short[0], short[1]);
}

function joined(values: readonly unknown[], slots: unknown, text: unknown): unknown[] | null {
  if (!(slots instanceof Uint8Array) || !(text instanceof Uint8Array)) return null;
  const texts = new TextReader(text);
  const list: unknown[] = [];
  let other = 0;
  // By place: V8 gave up its code for an iterator's loop at every call, for good, on one replica of ten.
  for (let at = 0; at < slots.length; at++) {
    const slot = slots[at] as number;
    if (slot <= SHORT_TEXT_MAX) list.push(texts.read(slot));
    else if (slot === OTHER) list.push(values[other++]);
    else list.push(slot === NIL ? null : undefined);
  }
  return other === values.length && texts.left === 0 ? list : null;
}

class TextReader {
  /** Bytes behind what was read; negative where more was read than there is. */
  left: number;
  readonly #cut: (start: number, end: number) => string;
  #piece = '';
  #pieceStart = 0;
  #position = 0;

  constructor(text: Uint8Array) {
    this.left = text.byteLength;
    this.#cut = latin1Of(text);
  }

  read(length: number): string {
    const end = this.#position + length;
    if (end > this.#pieceStart + this.#piece.length) {
      this.#pieceStart = this.#position;
      this.#piece = this.#cut(this.#position, this.#position + PIECE);
    }
    const text = this.#piece.slice(this.#position - this.#pieceStart, end - this.#pieceStart);
    this.#position = end;
    this.left -= length;
    return text;
  }
}

/** Bytes that msgpackr writes as MessagePack's binary: where there are Buffers, it writes others as an extension. */
export function binary(length: number): Uint8Array {
  return typeof Buffer === 'undefined' ? new Uint8Array(length) : Buffer.allocUnsafe(length);
}

function utf8Of(text: string): Uint8Array {
  return typeof Buffer === 'undefined' ? new TextEncoder().encode(text) : Buffer.from(text, 'utf8');
}

/** Reads a piece, a character per byte. */
function latin1Of(bytes: Uint8Array): (start: number, end: number) => string {
  if (typeof Buffer === 'undefined') return (start, end) => String.fromCharCode(...bytes.subarray(start, end));
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return (start, end) => buffer.toString('latin1', start, end);
}
