/** Speaks to another replica's HTTP endpoint: proves to know the secret where it is asked for, checks the answers. */
import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { z } from 'zod';
import { codeOf, errorFromWire, messageOf, PsmrError } from '../../errors.js';
import { isDistrust, mendOf } from '../../transport/distrust.js';
import { saidNothing, speaksPlainHttp, speaksTls } from '../../transport/what-listens.js';
import {
  ANSWER_PROOF_HEADER,
  answerProof,
  authorizationHeader,
  equal,
  parseChallengeHeader,
  requestProof,
} from './request-proof.js';

export interface ReplicaHttpOptions {
  /** Such as `http://10.0.0.1:7390`. */
  readonly url: string;
  /** Null: only for what is open to everybody. */
  readonly secret: string | null;
  /** For https: the authority to trust, PEM. */
  readonly ca?: string | Buffer | undefined;
  /** No answer, or no more of it, for this long: given up. */
  readonly timeoutMs?: number;
}

export interface OpenAnswer {
  readonly stream: IncomingMessage;
  /** What the stream is signed with. */
  readonly challenge: string;
}

const TIMEOUT_MS = 10_000;
/** What ports for clients answer to whoever does not speak WebSocket. */
const UPGRADE_REQUIRED = 426;
const CLIENT_PORT = " That may be a port for clients: give the address of the replica's HTTP endpoint.";
const ANSWER_BYTES_MAX = 16 << 20;

const errorSchema = z.object({
  error: z.object({ code: z.string(), message: z.string(), details: z.record(z.string(), z.unknown()).default({}) }),
});

interface Head {
  readonly method: 'GET' | 'POST';
  readonly target: string;
  readonly body: Buffer;
  readonly signal: AbortSignal | undefined;
}

export class ReplicaHttp {
  readonly url: string;
  readonly #options: ReplicaHttpOptions;

  /** Throws INVALID_ARGUMENT where the address is none. */
  constructor(options: ReplicaHttpOptions) {
    if (!/^https?:\/\//.test(options.url) || !URL.canParse(options.url))
      throw new PsmrError(
        'INVALID_ARGUMENT',
        `${JSON.stringify(options.url)} is no address of a replica. Give one such as http://10.0.0.1:7390.`,
      );
    this.url = options.url.replace(/\/+$/, '');
    this.#options = options;
  }

  /**
   * What a GET answers. Errors: UNREACHABLE (`details.tls`: a replica is there, and TLS keeps it apart; `details.status`:
   * of an answer that is none of the route's), UNAUTHORIZED, those of the replica.
   */
  get(target: string, signal?: AbortSignal): Promise<unknown> {
    return this.#json({ method: 'GET', target, body: Buffer.alloc(0), signal });
  }

  post(target: string, body: unknown, signal?: AbortSignal): Promise<unknown> {
    return this.#json({ method: 'POST', target, body: Buffer.from(JSON.stringify(body)), signal });
  }

  /** A long answer, to be read as it comes and checked by its reader. */
  async open(target: string, signal?: AbortSignal): Promise<OpenAnswer> {
    const { response, challenge } = await this.#ask({ method: 'GET', target, body: Buffer.alloc(0), signal });
    if (response.statusCode === 200 && challenge !== null) return { stream: response, challenge };
    await this.#value(response, challenge);
    throw this.#nonsense('it sent no stream');
  }

  async #json(head: Head): Promise<unknown> {
    const { response, challenge } = await this.#ask(head);
    return this.#value(response, challenge);
  }

  /** `challenge`: of a proven request; null: none was asked for. */
  async #ask(head: Head): Promise<{ response: IncomingMessage; challenge: string | null }> {
    const response = await this.#send(head, null);
    const challenge = parseChallengeHeader(response.headers['www-authenticate']);
    if (response.statusCode !== 401 || challenge === null) return { response, challenge: null };
    response.resume();
    const { secret } = this.#options;
    if (secret === null)
      throw new PsmrError(
        'UNAUTHORIZED',
        `${this.url} asks for the cluster's secret. Give --config FILE, or set PSMR_SECRET.`,
      );
    const proof = requestProof(secret, challenge, head);
    return { response: await this.#send(head, authorizationHeader(challenge, proof)), challenge };
  }

  #send({ method, target, body, signal }: Head, authorization: string | null): Promise<IncomingMessage> {
    const { ca, timeoutMs = TIMEOUT_MS } = this.#options;
    const options: RequestOptions & { ca?: string | Buffer } = {
      method,
      agent: false,
      timeout: timeoutMs,
      headers: {
        'content-length': body.byteLength,
        ...(authorization === null ? {} : { authorization }),
      },
      ...(signal === undefined ? {} : { signal }),
      ...(ca === undefined ? {} : { ca }),
    };
    return new Promise((resolve, reject) => {
      const send = this.url.startsWith('https:') ? httpsRequest : httpRequest;
      const request = send(`${this.url}${target}`, options, resolve);
      request.once('timeout', () => request.destroy(new Error(`no answer for ${timeoutMs} ms`)));
      request.once('error', (error) => {
        void this.#noAnswer(error, signal).then(reject);
      });
      request.end(body);
    });
  }

  /** What is wrong with TLS, where it is that. */
  async #noAnswer(error: unknown, signal: AbortSignal | undefined): Promise<PsmrError> {
    if (isDistrust(error)) {
      const why = messageOf(error).replace(/\W+$/, '');
      return this.#amiss(`The certificate of ${this.url} is not accepted: ${why}. ${mendOf(codeOf(error))}`, error);
    }
    if (!saidNothing(error)) return this.#unreachable(error);
    const { protocol, hostname, port } = new URL(this.url);
    const tls = protocol === 'https:';
    const place = { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || (tls ? 443 : 80)) };
    if (!(await (tls ? speaksPlainHttp : speaksTls)(place, signal))) return this.#unreachable(error);
    const [theirs, scheme] = tls ? ['without', 'http:'] : ['with', 'https:'];
    const mend = `Give all replicas cluster.tls, or none of them; where you give an address, write ${scheme}.`;
    return this.#amiss(`What answers at ${this.url} listens ${theirs} TLS. ${mend}`, error);
  }

  async #value(response: IncomingMessage, challenge: string | null): Promise<unknown> {
    const status = response.statusCode ?? 0;
    const body = await this.#bytes(response);
    if (challenge !== null && status !== 401) this.#check(response, challenge, status, body);
    let value: unknown;
    try {
      value = JSON.parse(body.toString());
    } catch {
      throw this.#nonsense(`it answered ${status} and no JSON`, { status });
    }
    if (status === 200) return value;
    const failed = errorSchema.safeParse(value);
    if (!failed.success) throw this.#nonsense(`it answered ${status}`, { status });
    const { code, message, details } = failed.data.error;
    const error = errorFromWire(code, message);
    throw new PsmrError(error.code, `${this.url}: ${error.message}`, { details });
  }

  #check(response: IncomingMessage, challenge: string, status: number, body: Buffer): void {
    const proof = answerProof(this.#options.secret ?? '', challenge, status)
      .update(body)
      .digest('hex');
    const given = response.headers[ANSWER_PROOF_HEADER];
    if (typeof given === 'string' && equal(given, proof)) return;
    throw new PsmrError(
      'UNAUTHORIZED',
      `The answer of ${this.url} does not prove that it knows the cluster's secret: is it a replica of this cluster?`,
    );
  }

  async #bytes(response: IncomingMessage): Promise<Buffer> {
    const pieces: Buffer[] = [];
    let bytes = 0;
    try {
      for await (const piece of response as AsyncIterable<Buffer>) {
        bytes += piece.byteLength;
        if (bytes > ANSWER_BYTES_MAX) throw new Error(`it answers more than ${ANSWER_BYTES_MAX} bytes`);
        pieces.push(piece);
      }
    } catch (error) {
      throw this.#unreachable(error);
    }
    return Buffer.concat(pieces);
  }

  #amiss(sentence: string, cause: unknown): PsmrError {
    return new PsmrError('UNREACHABLE', sentence, { cause, details: { url: this.url, tls: true } });
  }

  #unreachable(error: unknown): PsmrError {
    return new PsmrError('UNREACHABLE', `No replica answers at ${this.url}: ${messageOf(error)}.`, { cause: error });
  }

  #nonsense(what: string, details: { readonly status?: number } = {}): PsmrError {
    const advice = details.status === UPGRADE_REQUIRED ? CLIENT_PORT : '';
    const sentence = `What answers at ${this.url} is no replica of psmr: ${what}.${advice}`;
    return new PsmrError('UNREACHABLE', sentence, { details });
  }
}
