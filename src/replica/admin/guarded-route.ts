/** Routes that only those may use who know the cluster's secret. */
import { randomBytes } from 'node:crypto';
import { PsmrError } from '../../errors.js';
import { errorAnswer, type HttpAnswer, type HttpRequest, type HttpRoute } from '../http-endpoint.js';
import {
  ANSWER_PROOF_HEADER,
  answerProof,
  challengeHeader,
  Challenges,
  equal,
  parseAuthorization,
  requestProof,
} from './request-proof.js';

export interface GuardedRoute extends Omit<HttpRoute, 'handle'> {
  /** `challenge`: what a stream in the answer has to be signed with. Text is signed for it. */
  readonly handle: (request: HttpRequest, challenge: string) => HttpAnswer | Promise<HttpAnswer>;
}

export class Guard {
  readonly #secret: string;
  readonly #challenges: Challenges;

  constructor(secret: string, challenges = new Challenges(() => performance.now(), randomBytes)) {
    this.#secret = secret;
    this.#challenges = challenges;
  }

  get secret(): string {
    return this.#secret;
  }

  route({ handle, ...route }: GuardedRoute): HttpRoute {
    return {
      ...route,
      handle: async (request) => {
        const given = parseAuthorization(request.authorization);
        if (given === null) return this.#refuse('A proof of knowing the cluster secret is needed.');
        const { challenge, proof } = given;
        if (!equal(proof, requestProof(this.#secret, challenge, request)))
          return this.#refuse('The proof does not fit: the secret is not that of this cluster. Give the right one.');
        if (!this.#challenges.fresh(challenge)) return this.#refuse('The challenge is used or too old. Ask again.');
        this.#challenges.use(challenge);
        const answer = await answerOf(() => handle(request, challenge));
        return this.#sign(answer, challenge);
      },
    };
  }

  #refuse(why: string): HttpAnswer {
    return {
      ...errorAnswer(new PsmrError('UNAUTHORIZED', why)),
      headers: { 'www-authenticate': challengeHeader(this.#challenges.issue()) },
    };
  }

  #sign(answer: HttpAnswer, challenge: string): HttpAnswer {
    if (typeof answer.body !== 'string') return answer;
    const proof = answerProof(this.#secret, challenge, answer.status).update(answer.body).digest('hex');
    return { ...answer, headers: { ...answer.headers, [ANSWER_PROOF_HEADER]: proof } };
  }
}

async function answerOf(handle: () => HttpAnswer | Promise<HttpAnswer>): Promise<HttpAnswer> {
  try {
    return await handle();
  } catch (thrown) {
    return errorAnswer(thrown);
  }
}
