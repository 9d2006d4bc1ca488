import { messageOf, PsmrError } from '../../errors.js';
import type { CheckpointStore, CheckpointWriter, PartManifest } from '../../storage/checkpoint-store.js';
import type { ReplicaHttp } from '../admin/replica-http.js';
import { answerProof } from '../admin/request-proof.js';
import { decodePart } from './part-stream.js';

/** Of a part's content, from its chunks in order; `hex` is what its manifest says. */
export interface PartHasher {
  add(chunk: Uint8Array): void;
  readonly hex: string;
}

export interface FetchPartOptions {
  readonly http: ReplicaHttp;
  readonly store: CheckpointStore;
  readonly secret: string;
  readonly createHash: () => PartHasher;
  readonly signal: AbortSignal;
  /** As the sender's manifest describes it. */
  readonly part: PartManifest;
  /** Hears of bytes that are written. */
  readonly count: (bytes: number) => void;
}

/** The own store failed: another replica is no help. */
export class LocalFailure extends Error {
  static async guard<T>(action: () => Promise<T>): Promise<T> {
    try {
      return await action();
    } catch (cause) {
      throw new LocalFailure(messageOf(cause), { cause });
    }
  }
}

/** Writes one part of checkpoint `id` into the store; resolves when it is durable and known to be right. */
export async function fetchPart(options: FetchPartOptions, id: number): Promise<PartManifest> {
  const { http, store, signal, part } = options;
  const { chunks, bytes, ...place } = part;
  const { stream, challenge } = await http.open(`/checkpoints/${id}/parts/${part.part}`, signal);
  const writer = store.begin(id, part.part);
  let written = 0;
  const write = async (chunk: Uint8Array): Promise<void> => {
    await LocalFailure.guard(() => writer.write(chunk));
    written += chunk.byteLength;
    options.count(chunk.byteLength);
  };
  try {
    const hash = await copy(decodePart(stream, answerProof(options.secret, challenge, 200)), write, options);
    const finished = await LocalFailure.guard(() => writer.finish(place));
    const { hash: due } = part;
    if (finished.chunks !== chunks || finished.bytes !== bytes || hash !== due)
      throw new PsmrError(
        'DATA_CORRUPT',
        `Part ${part.part} of checkpoint ${id} is not what its manifest says (hash ${hash} where ${due} is due).`,
      );
    return finished;
  } catch (thrown) {
    options.count(-written);
    stream.destroy();
    await settle(writer, place);
    throw thrown;
  }
}

async function copy(
  chunks: AsyncIterable<Uint8Array>,
  write: (chunk: Uint8Array) => Promise<void>,
  { createHash, signal }: FetchPartOptions,
): Promise<string> {
  const hash = createHash();
  for await (const chunk of chunks) {
    signal.throwIfAborted();
    hash.add(chunk);
    await write(chunk);
  }
  return hash.hex;
}

/** Lets what is on its way to disk arrive: it must not come after the first chunk of a second attempt. */
async function settle(writer: CheckpointWriter, place: Parameters<CheckpointWriter['finish']>[0]): Promise<void> {
  await writer.finish(place).catch(() => undefined);
}
