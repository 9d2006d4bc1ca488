/** What a replica serves of its checkpoints to the others, who fetch them (fetch-checkpoint.ts) and compare them. */
import { PsmrError } from '../../errors.js';
import type { CheckpointManifest } from '../../storage/checkpoint-store.js';
import type { Guard } from '../admin/guarded-route.js';
import { answerProof } from '../admin/request-proof.js';
import type { ReplicaHashes } from '../agreement.js';
import { jsonAnswer, jsonOf, type HttpRoute } from '../http-endpoint.js';
import { encodePart } from './part-stream.js';
import type { PinnedCheckpointStore } from './pinned-checkpoint-store.js';

/** Whose state it is; a replica takes only what is for itself. */
export interface StateIdentity {
  readonly cluster: string;
  readonly service: string;
  /** Of the partition map. */
  readonly epoch: number;
}

export interface CheckpointRoutesOptions {
  readonly identity: StateIdentity;
  readonly store: PinnedCheckpointStore;
  readonly hashes: () => ReplicaHashes;
  /** Hears the asking replica's hashes. */
  readonly hear: (said: unknown) => void;
  readonly guard: Guard;
  /** How long a checkpoint is held after somebody asked for any of it. */
  readonly holdMs?: number;
}

const HOLD_MS = 30_000;

export interface CheckpointRoutes {
  readonly routes: readonly HttpRoute[];
  /** Lets go of what is held. */
  close(): void;
}

export function checkpointRoutes(options: CheckpointRoutesOptions): CheckpointRoutes {
  const { identity, store, hashes, hear, guard } = options;
  const holds = new Holds(store, options.holdMs ?? HOLD_MS);
  const routes = [
    guard.route({
      method: 'GET',
      path: '/checkpoints/newest',
      handle: () => {
        const manifest = store.newest();
        if (manifest !== null) holds.touch(manifest.id);
        return jsonAnswer({ ...identity, manifest });
      },
    }),
    guard.route({
      method: 'POST',
      path: '/checkpoints/hashes',
      handle: ({ body }) => {
        hear(jsonOf(body));
        return jsonAnswer(hashes());
      },
    }),
    guard.route({
      method: 'GET',
      path: '/checkpoints/:id/parts/:part',
      handle: ({ parameters }, challenge) => {
        const [id, part] = [Number(parameters['id']), Number(parameters['part'])];
        checkPart(store.list(), id, part);
        holds.touch(id);
        const chunks = heldChunks(store, id, part, () => holds.touch(id));
        const proof = answerProof(guard.secret, challenge, 200);
        return { status: 200, type: 'application/octet-stream', body: encodePart(chunks, proof) };
      },
    }),
  ];
  return { routes, close: () => holds.close() };
}

function checkPart(complete: readonly CheckpointManifest[], id: number, part: number): void {
  const manifest = complete.find((each) => each.id === id);
  if (manifest?.parts.some((each) => each.part === part) === true) return;
  throw new PsmrError('INVALID_ARGUMENT', `There is no part ${part} of checkpoint ${id} here. Ask for the newest.`);
}

/** Reading touches the hold: a slow transfer keeps its checkpoint, one that has stopped does not. */
function* heldChunks(store: PinnedCheckpointStore, id: number, part: number, touch: () => void): Generator<Uint8Array> {
  for (const chunk of store.read(id, part)) {
    touch();
    yield chunk;
  }
}

/** Checkpoints that somebody fetches, each held a while longer with every sign of it. */
class Holds {
  readonly #store: PinnedCheckpointStore;
  readonly #holdMs: number;
  readonly #held = new Map<number, { readonly unpin: () => void; readonly timer: NodeJS.Timeout }>();

  constructor(store: PinnedCheckpointStore, holdMs: number) {
    this.#store = store;
    this.#holdMs = holdMs;
  }

  touch(id: number): void {
    const held = this.#held.get(id);
    if (held !== undefined) return void held.timer.refresh();
    const timer = setTimeout(() => this.#release(id), this.#holdMs);
    timer.unref();
    this.#held.set(id, { unpin: this.#store.pin(id), timer });
  }

  close(): void {
    for (const id of [...this.#held.keys()]) this.#release(id);
  }

  #release(id: number): void {
    const held = this.#held.get(id);
    this.#held.delete(id);
    clearTimeout(held?.timer);
    held?.unpin();
  }
}
