/**
 * A part of a checkpoint on its way between replicas:
 *
 *     chunk:  u32 length, u32 crc32 of the content (seeded with the chunk's number), content
 *     end:    u32 0xffffffff, u32 number of chunks, 32 bytes: MAC over everything before, keyed by the secret
 *
 * Numbers are little-endian. The checksum finds damage at once; the MAC proves that all of it is what a replica of this
 * cluster sent in answer to this request.
 */
import { crc32 } from 'node:zlib';
import { PsmrError } from '../../errors.js';
import type { AnswerProof } from '../admin/request-proof.js';

const HEAD_BYTES = 8;
const END = 0xffff_ffff;
const MAC_BYTES = 32;
/** A chunk is about 64 KiB, or one larger value. */
const CHUNK_BYTES_MAX = 1 << 30;

export function* encodePart(chunks: Iterable<Uint8Array>, proof: AnswerProof): Generator<Uint8Array> {
  let count = 0;
  for (const chunk of chunks) {
    const head = headOf(chunk.byteLength, crc32(chunk, count++));
    proof.update(head).update(chunk);
    yield head;
    yield chunk;
  }
  const end = headOf(END, count);
  yield Buffer.concat([end, proof.update(end).digest()]);
}

/** The chunks; ends only when all have come and are proven. Throws BAD_FRAME where they are damaged. */
export async function* decodePart(stream: AsyncIterable<Uint8Array>, proof: AnswerProof): AsyncGenerator<Uint8Array> {
  const reader = new ByteReader(stream);
  for (let count = 0; ; count++) {
    const head = await reader.read(HEAD_BYTES);
    const [length, check] = [head.readUInt32LE(0), head.readUInt32LE(4)];
    proof.update(head);
    if (length === END) {
      const mac = proof.digest();
      if (check !== count || !mac.equals(await reader.read(MAC_BYTES)))
        throw damaged(`its end does not fit the ${count} chunks before it`);
      return;
    }
    if (length > CHUNK_BYTES_MAX) throw damaged(`chunk ${count} says that it has ${length} bytes`);
    const chunk = await reader.read(length);
    if (crc32(chunk, count) !== check) throw damaged(`chunk ${count} does not fit its checksum`);
    proof.update(chunk);
    yield chunk;
  }
}

function headOf(length: number, check: number): Buffer {
  const head = Buffer.allocUnsafe(HEAD_BYTES);
  head.writeUInt32LE(length, 0);
  head.writeUInt32LE(check, 4);
  return head;
}

function damaged(what: string): PsmrError {
  return new PsmrError('BAD_FRAME', `A part of a checkpoint was damaged on its way: ${what}.`);
}

class ByteReader {
  readonly #pieces: AsyncIterator<Uint8Array>;
  /** What has come and was not read. */
  #waiting: Uint8Array[] = [];
  #bytes = 0;

  constructor(stream: AsyncIterable<Uint8Array>) {
    this.#pieces = stream[Symbol.asyncIterator]();
  }

  async read(bytes: number): Promise<Buffer> {
    while (this.#bytes < bytes) {
      const next = await this.#pieces.next();
      if (next.done === true) throw damaged('it ended too early');
      this.#waiting.push(next.value);
      this.#bytes += next.value.byteLength;
    }
    const [first = Buffer.alloc(0), ...more] = this.#waiting;
    const all =
      more.length > 0 ? Buffer.concat(this.#waiting) : Buffer.from(first.buffer, first.byteOffset, first.length);
    this.#waiting = [all.subarray(bytes)];
    this.#bytes -= bytes;
    return all.subarray(0, bytes);
  }
}
