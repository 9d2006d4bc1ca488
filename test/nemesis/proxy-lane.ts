/** One direction of a proxied connection. */
import type { Socket } from 'node:net';

export interface Shape {
  /** How long bytes are held back, the least and the most, ms. Their order stays. */
  readonly delayMs: readonly [least: number, most: number];
  /** Nothing passes until this is false again. */
  readonly stalled: boolean;
  readonly bytesPerSecond: number;
}

/** Null: the sender has ended. */
interface Held {
  readonly bytes: Buffer | null;
  readonly dueMs: number;
}

/** More than that is not read from the sender. */
const HELD_BYTES_MAX = 1 << 20;
/** What passes at once where throughput is limited. */
const PIECE_BYTES = 4096;

export class Lane {
  passed = 0;
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #random: () => number;
  readonly #held: Held[] = [];
  #heldBytes = 0;
  #shape: Shape;
  /** With limited throughput: when the line is free again. */
  #freeMs = 0;
  #timer: NodeJS.Timeout | null = null;
  #blocked = false;
  #open = true;

  constructor(from: Socket, to: Socket, shape: Shape, random: () => number) {
    this.#from = from;
    this.#to = to;
    this.#shape = shape;
    this.#random = random;
    from.on('data', (bytes: Buffer) => this.#hold(bytes));
    from.on('end', () => this.#hold(null));
    to.on('drain', () => {
      this.#blocked = false;
      this.#pump();
    });
  }

  shape(shape: Partial<Shape>): void {
    this.#shape = { ...this.#shape, ...shape };
    this.#pump();
  }

  end(): void {
    if (!this.#open) return;
    this.close();
    // Whatever else comes is read and dropped, so that the sender notices nothing.
    this.#from.resume();
    this.#to.end();
  }

  close(): void {
    this.#open = false;
    this.#held.length = 0;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #hold(bytes: Buffer | null): void {
    if (!this.#open) return;
    const [least, most] = this.#shape.delayMs;
    const now = performance.now();
    const dueMs = Math.max(this.#held.at(-1)?.dueMs ?? 0, now + least + this.#random() * (most - least));
    this.#held.push({ bytes, dueMs });
    this.#heldBytes += bytes?.length ?? 0;
    if (this.#heldBytes > HELD_BYTES_MAX) this.#from.pause();
    this.#pump();
  }

  #pump(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    for (let head = this.#held[0]; head !== undefined && this.#passes(); head = this.#held[0]) {
      const waitMs = Math.max(head.dueMs, this.#freeMs) - performance.now();
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.#pump(), waitMs);
        return;
      }
      this.#pass(head);
    }
  }

  #passes(): boolean {
    return this.#open && !this.#shape.stalled && !this.#blocked;
  }

  #pass({ bytes, dueMs }: Held): void {
    this.#held.shift();
    if (bytes === null) {
      this.close();
      this.#to.end();
      return;
    }
    const limited = this.#shape.bytesPerSecond !== Infinity;
    const piece = limited ? bytes.subarray(0, PIECE_BYTES) : bytes;
    if (piece.length < bytes.length) this.#held.unshift({ bytes: bytes.subarray(piece.length), dueMs });
    this.#freeMs = limited ? performance.now() + (piece.length / this.#shape.bytesPerSecond) * 1000 : 0;
    this.#heldBytes -= piece.length;
    if (this.#heldBytes <= HELD_BYTES_MAX) this.#from.resume();
    this.passed += piece.length;
    this.#blocked = !this.#to.write(piece);
  }
}
