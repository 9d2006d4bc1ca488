/** A small HTTP server: routes with bounded bodies in, text or streams out, errors as JSON with their code. */
import { createServer as createHttp, STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { messageOf, PsmrError, type ErrorCode } from '../errors.js';
import { Connections } from '../transport/connections.js';
import { readCertificate } from '../transport/listen-failure.js';

export interface HttpRequest {
  readonly method: string;
  /** Path and query as they were asked for. */
  readonly target: string;
  readonly query: URLSearchParams;
  /** What stood at the `:names` of the route's path. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly authorization: string | undefined;
  readonly body: Uint8Array;
}

export interface HttpAnswer {
  readonly status: number;
  readonly type: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** A stream is pulled as fast as the other side reads; it is returned from when that side goes. */
  readonly body: string | Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
}

export interface HttpRoute {
  readonly method: 'GET' | 'POST';
  /** Such as `/checkpoints/:id/parts/:part`. */
  readonly path: string;
  /** More in a request's body is refused. Default: 65,536. */
  readonly bodyBytesMax?: number;
  /** Whatever it throws is answered as an error. */
  handle(request: HttpRequest): HttpAnswer | Promise<HttpAnswer>;
}

export interface HttpEndpoint {
  readonly address: { readonly host: string; readonly port: number };
  /** Answers with these routes from now on, and 404 to what else is asked. */
  serve(routes: readonly HttpRoute[]): void;
  close(): Promise<void>;
}

export interface HttpEndpointOptions {
  readonly host: string;
  /** 0: the system picks one. */
  readonly port: number;
  readonly tls?: { readonly certFile: string; readonly keyFile: string } | undefined;
  readonly routes: readonly HttpRoute[];
  /** Thrown to whoever asks for what is in none of these routes, until others are served; else that is answered 404. */
  readonly otherwise?: () => PsmrError;
  /** A request that takes longer to arrive, or an answer of which nobody reads anything for so long, is given up. */
  readonly idleMs?: number;
}

const BODY_BYTES_MAX = 65_536;
const IDLE_MS_MAX = 30_000;

/** What the system says of an address of another machine, and of a name that stands for none. */
const ELSEWHERE: ReadonlySet<string> = new Set(['EADDRNOTAVAIL', 'ENOTFOUND', 'EAI_AGAIN', 'EAI_NODATA']);

const STATUS_OF: Partial<Record<ErrorCode, number>> = {
  INVALID_ARGUMENT: 400,
  UNAUTHORIZED: 401,
  NOT_LEADER: 409,
  NOT_SUPPORTED: 501,
  OVERLOADED: 503,
  UNREACHABLE: 503,
  ENGINE_STOPPED: 503,
};

export function jsonAnswer(value: unknown, status = 200): HttpAnswer {
  return { status, type: 'application/json', body: `${JSON.stringify(value, null, 2)}\n` };
}

/** What a request says; what is no JSON says nothing. */
export function jsonOf(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch {
    return null;
  }
}

export function textAnswer(status: number, body: string): HttpAnswer {
  return { status, type: 'text/plain; charset=utf-8', body };
}

export function errorAnswer(thrown: unknown): HttpAnswer {
  const code = thrown instanceof PsmrError ? thrown.code : 'UNEXPECTED';
  const details = thrown instanceof PsmrError ? thrown.details : {};
  const status = thrown instanceof PsmrError ? (STATUS_OF[thrown.code] ?? 500) : 500;
  return jsonAnswer({ error: { code, message: messageOf(thrown), details } }, status);
}

/** Rejects with ADDRESS_IN_USE or INVALID_CONFIG. */
export function openHttpEndpoint(options: HttpEndpointOptions): Promise<HttpEndpoint> {
  const { host, port, tls, idleMs = IDLE_MS_MAX } = options;
  let { routes, otherwise } = options;
  const serve = (others: readonly HttpRoute[]): void => {
    routes = others;
    otherwise = undefined;
  };
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    answer(routes, request, otherwise)
      .catch(errorAnswer)
      .then((found) => {
        request.socket.setTimeout(idleMs);
        return send(response, found, request.method === 'HEAD');
      })
      // The other side has gone, or the stream has failed: the connection says so by its end.
      .catch(() => response.destroy());
  };
  const server = tls === undefined ? createHttp(listener) : createHttps(readCertificate(tls), listener);
  const connections = new Connections(server);
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      connections.cutOff();
    });
  server.requestTimeout = idleMs;
  server.setTimeout(idleMs);
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(cannotListen(host, port, error)));
    server.listen(port, host, () => {
      const bound = server.address();
      const boundPort = typeof bound === 'object' && bound !== null ? bound.port : port;
      resolve({ address: { host, port: boundPort }, serve, close });
    });
  });
}

async function answer(
  routes: readonly HttpRoute[],
  request: IncomingMessage,
  otherwise: HttpEndpointOptions['otherwise'],
): Promise<HttpAnswer> {
  const target = request.url ?? '/';
  const [path = '/', query = ''] = target.split('?');
  const method = request.method === 'HEAD' ? 'GET' : (request.method ?? 'GET');
  const fitting = routes.flatMap((route) => {
    const parameters = match(route.path, path);
    return parameters === null ? [] : [{ route, parameters }];
  });
  if (fitting.length === 0) {
    if (otherwise !== undefined) throw otherwise();
    const paths = [...new Set(routes.map((route) => route.path))];
    return textAnswer(404, `${STATUS_CODES[404]}. There are ${paths.join(', ')}.\n`);
  }
  const found = fitting.find(({ route }) => route.method === method);
  if (found === undefined) {
    const allowed = fitting.map(({ route }) => route.method).join(', ');
    return { ...textAnswer(405, `${path} takes ${allowed}.\n`), headers: { allow: allowed } };
  }
  const body = await readBody(request, found.route.bodyBytesMax ?? BODY_BYTES_MAX);
  // Making the answer may take its time: a checkpoint's is there when all of it is on the disk.
  request.socket.setTimeout(0);
  return found.route.handle({
    method,
    target,
    query: new URLSearchParams(query),
    parameters: found.parameters,
    authorization: request.headers.authorization,
    body,
  });
}

function match(pattern: string, path: string): Record<string, string> | null {
  const wanted = pattern.split('/');
  const given = path.split('/');
  if (wanted.length !== given.length) return null;
  const parameters: Record<string, string> = {};
  for (const [at, segment] of wanted.entries()) {
    const value = given[at] ?? '';
    if (segment.startsWith(':')) parameters[segment.slice(1)] = value;
    else if (segment !== value) return null;
  }
  return parameters;
}

async function readBody(request: IncomingMessage, bytesMax: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    bytes += piece.byteLength;
    if (bytes > bytesMax)
      throw new PsmrError('INVALID_ARGUMENT', `The request's body has more than ${bytesMax} bytes.`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

async function send(
  response: ServerResponse,
  { status, type, headers, body }: HttpAnswer,
  head: boolean,
): Promise<void> {
  response.writeHead(status, { 'content-type': type, ...headers });
  if (head || typeof body === 'string') response.end(head ? undefined : body);
  else await pipeline(Readable.from(body, { objectMode: true, highWaterMark: 1 }), response);
}

function cannotListen(host: string, port: number, error: NodeJS.ErrnoException): PsmrError {
  const inUse = error.code === 'EADDRINUSE';
  const isElsewhere = ELSEWHERE.has(error.code ?? '');
  const advice = isElsewhere
    ? `${host} is no address of this machine: correct the host (of a replica: its hosts or http.host, or --id).`
    : 'Choose another http.port, or stop what uses it.';
  return new PsmrError(
    inUse ? 'ADDRESS_IN_USE' : 'INVALID_CONFIG',
    `The HTTP endpoint cannot listen on ${host}:${port}: ${messageOf(error)}. ${advice}`,
    { cause: error, details: { host, port } },
  );
}
