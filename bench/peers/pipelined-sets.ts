/** Load for Redis with plain sockets: each connection sends blocks of SETs and one WAIT, the next when all is answered. */
import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { PsmrError } from '../../src/errors.js';
import { LatencyRecorder } from '../measure/latency-recorder.js';
import type { Sample } from '../techniques/technique.js';
import { kvSets, setOf, type KeyValue } from './kv-sets.js';

export interface PipelinedSetsOptions {
  readonly port: number;
  readonly connections: number;
  /** SETs of a block; `WAIT 1 0` follows. */
  readonly pipeline: number;
  readonly keys: number;
}

/** Prebuilt, sent over and over: making commands takes no time while measuring. */
const BLOCKS = 200;
const LINE_END = 10;
const ERROR = 45;

export class PipelinedSets {
  readonly #lanes: readonly Lane[];
  readonly #pipeline: number;

  private constructor(lanes: readonly Lane[], pipeline: number) {
    this.#lanes = lanes;
    this.#pipeline = pipeline;
  }

  static async connect(options: PipelinedSetsOptions): Promise<PipelinedSets> {
    const { port, connections, pipeline, keys } = options;
    const sets = kvSets(keys).map(setOf);
    const blocks = Array.from({ length: BLOCKS }, (_, at) => block(pipeline, sets, at * pipeline));
    const lanes = Array.from({ length: connections }, async (_, at) => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true });
      await once(socket, 'connect');
      return new Lane(socket, blocks, pipeline + 1, at);
    });
    return new PipelinedSets(await Promise.all(lanes), pipeline);
  }

  /** The time until the last answer counts; a block is as late as its WAIT. Rejects with the first error. */
  async run(seconds: number): Promise<Sample> {
    const latencies = new LatencyRecorder();
    const start = performance.now();
    const end = start + seconds * 1000;
    let commands = 0;
    const answered = (ms: number): void => {
      latencies.record(ms * 1000, this.#pipeline);
      commands += this.#pipeline;
    };
    await Promise.all(this.#lanes.map((lane) => lane.run(end, answered)));
    return { commands, seconds: (performance.now() - start) / 1000, latencies };
  }

  close(): Promise<void> {
    for (const lane of this.#lanes) lane.close();
    return Promise.resolve();
  }
}

interface Run {
  readonly end: number;
  readonly answered: (ms: number) => void;
  readonly done: () => void;
  readonly fail: (error: Error) => void;
}

/** One connection. */
class Lane {
  readonly #socket: Socket;
  readonly #blocks: readonly Buffer[];
  readonly #repliesEach: number;
  #next: number;
  #missing = 0;
  #sentAt = 0;
  #run: Run | null = null;

  constructor(socket: Socket, blocks: readonly Buffer[], repliesEach: number, first: number) {
    this.#socket = socket;
    this.#blocks = blocks;
    this.#repliesEach = repliesEach;
    this.#next = first % blocks.length;
    socket.on('data', (data: Buffer) => this.#take(data));
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new PsmrError('UNREACHABLE', 'Redis has closed a connection.')));
  }

  run(end: number, answered: (ms: number) => void): Promise<void> {
    return new Promise((done, fail) => {
      this.#run = { end, answered, done, fail };
      this.#send(performance.now());
    });
  }

  close(): void {
    this.#run = null;
    this.#socket.destroy();
  }

  #send(now: number): void {
    const sent = this.#blocks[this.#next];
    this.#next = (this.#next + 1) % this.#blocks.length;
    this.#missing = this.#repliesEach;
    this.#sentAt = now;
    if (sent !== undefined) this.#socket.write(sent);
  }

  /** Replies are lines: +OK of each SET, and the number of replicas. */
  #take(data: Buffer): void {
    for (const byte of data) {
      if (byte === LINE_END) this.#missing--;
      else if (byte === ERROR)
        return this.#fail(new PsmrError('ENGINE_FAILED', `Redis: ${data.toString('latin1').trim()}`));
    }
    if (this.#missing > 0 || this.#run === null) return;
    const now = performance.now();
    this.#run.answered(now - this.#sentAt);
    if (now < this.#run.end) return this.#send(now);
    const { done } = this.#run;
    this.#run = null;
    done();
  }

  #fail(error: Error): void {
    this.#run?.fail(error);
    this.#run = null;
  }
}

function block(pipeline: number, all: readonly KeyValue[], from: number): Buffer {
  const sets = Array.from({ length: pipeline }, (_, at) => {
    const { key, value } = all[(from + at) % all.length] ?? { key: '', value: '' };
    return resp('SET', key, value);
  });
  return Buffer.from([...sets, resp('WAIT', '1', '0')].join(''), 'latin1');
}

function resp(...words: string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join('')}`;
}
