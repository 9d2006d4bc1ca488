/**
 * Who may administer a replica proves to know the cluster's secret, which itself never crosses the network: the replica
 * gives out a challenge, the caller answers with a MAC over it and the whole request, the replica signs its answer. No
 * clock but the replica's own has a part in this: replicas whose clocks are an hour apart still can help each other.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

const SCHEME = 'PSMR';
const CHALLENGE_MS_MAX = 30_000;
const MAC_BYTES = 32;
const CHALLENGE = /^([0-9a-f]{12})([0-9a-f]{32})([0-9a-f]{64})$/;

export interface ProvenRequest {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly body: Uint8Array;
}

/** Challenges of one replica: each good for one request, and not for long. None is remembered until it was used. */
export class Challenges {
  readonly #key: Uint8Array;
  readonly #nowMs: () => number;
  readonly #random: (bytes: number) => Uint8Array;
  /** Used ones with their time, oldest first: only those who know the secret get any in here. */
  readonly #used = new Map<string, number>();

  /** `nowMs`: a clock that is never set back. */
  constructor(nowMs: () => number, random: (bytes: number) => Uint8Array) {
    this.#nowMs = nowMs;
    this.#random = random;
    this.#key = random(32);
  }

  issue(): string {
    const time = Math.floor(this.#nowMs()).toString(16).padStart(12, '0');
    const text = time + Buffer.from(this.#random(16)).toString('hex');
    return text + this.#mac(text);
  }

  /** Issued here, not long ago. */
  fresh(challenge: string): boolean {
    const [, time = '', random = '', mac = ''] = CHALLENGE.exec(challenge) ?? [];
    if (time === '' || !equal(mac, this.#mac(time + random))) return false;
    const age = this.#nowMs() - Number.parseInt(time, 16);
    return age <= CHALLENGE_MS_MAX && !this.#used.has(challenge);
  }

  use(challenge: string): void {
    const now = this.#nowMs();
    for (const [old, usedMs] of this.#used) {
      if (now - usedMs <= CHALLENGE_MS_MAX) break;
      this.#used.delete(old);
    }
    this.#used.set(challenge, now);
  }

  #mac(text: string): string {
    return createHmac('sha256', this.#key).update(text).digest('hex');
  }
}

export function requestProof(secret: string, challenge: string, { method, target, body }: ProvenRequest): string {
  const content = createHash('sha256').update(body).digest('hex');
  return createHmac('sha256', secret)
    .update(`psmr request\n${challenge}\n${method}\n${target}\n${content}`)
    .digest('hex');
}

export type AnswerProof = ReturnType<typeof createHmac>;

/** To be fed with the answer's bytes: binds them to the request that had this challenge. */
export function answerProof(secret: string, challenge: string, status: number): AnswerProof {
  return createHmac('sha256', secret).update(`psmr answer\n${challenge}\n${status}\n`);
}

export const ANSWER_PROOF_HEADER = 'psmr-proof';

export function challengeHeader(challenge: string): string {
  return `${SCHEME} ${challenge}`;
}

export function parseChallengeHeader(header: string | undefined): string | null {
  const [scheme, challenge = ''] = header?.split(' ') ?? [];
  return scheme === SCHEME && CHALLENGE.test(challenge) ? challenge : null;
}

export function authorizationHeader(challenge: string, proof: string): string {
  return `${SCHEME} ${challenge} ${proof}`;
}

export function parseAuthorization(header: string | undefined): { challenge: string; proof: string } | null {
  const [scheme, challenge = '', proof = ''] = header?.split(' ') ?? [];
  return scheme === SCHEME && proof !== '' ? { challenge, proof } : null;
}

/** In constant time. Both are MACs in hex. */
export function equal(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one, 'hex'), Buffer.from(other, 'hex')];
  return a.byteLength === MAC_BYTES && b.byteLength === MAC_BYTES && timingSafeEqual(a, b);
}
