/**
 * A server in one thread that follows the rules of docs/protocol.md for sessions, and misbehaves as a network and an
 * overloaded replica may: refuses frames, answers in parts, late, twice or not at all, drops links before or after
 * it took a frame, and finds frames of dead links later.
 */
import { decodeCommandBatch, encodeValue } from '../../src/execution/command-batch.js';
import { PsmrError } from '../../src/errors.js';
import type { GroupLink, GroupLinkHandlers, OpenLink } from '../../src/client/group-link.js';
import {
  commandCount,
  type CommandsFrame,
  decodeCommandsFrame,
  encodeReplyFrame,
  FLAG_READ_ONLY,
  FrameKind,
} from '../../src/transport/frames.js';
import type { SimulatedClock } from './simulated-clock.js';

export interface Faults {
  readonly overloaded: number;
  readonly linkLost: number;
  readonly replyLost: number;
  readonly refusedForGood: number;
  readonly sessionForgotten: number;
}

export const NO_FAULTS: Faults = { overloaded: 0, linkLost: 0, replyLost: 0, refusedForGood: 0, sessionForgotten: 0 };

interface Session {
  last: number;
  replies: Uint8Array[];
}

function firstOf(reply: Uint8Array): number {
  return new DataView(reply.buffer, reply.byteOffset).getFloat64(8, true);
}

interface ModelLink {
  readonly handlers: GroupLinkHandlers;
  open: boolean;
  /** When the last thing arrived: a link keeps order. */
  busyUntil: number;
}

type Body = readonly [id: number, group: number];

/** A command's number: its argument, or the first of several. */
export function idOf(args: unknown): number {
  return Number(Array.isArray(args) ? args[0] : args);
}

export class ModelServer {
  /** How often each command, known by its id, was executed; reads are not counted. */
  readonly executions = new Map<number, number>();
  readonly frames: CommandsFrame[] = [];
  faults: Faults = NO_FAULTS;
  epoch = 1;
  /** What it names as its map; its own where null. */
  learnedEpoch: number | null = null;
  /** Whether a frame of an old epoch is refused as a whole or executed to an error per command. */
  epochErrorPerCommand = false;
  readonly #clock: SimulatedClock;
  readonly #sessions = new Map<string, Session>();
  readonly #links: ModelLink[] = [];
  /** A real server tells these by the creation time in their ids. */
  readonly #forgotten = new Set<string>();

  constructor(clock: SimulatedClock) {
    this.#clock = clock;
  }

  readonly open: OpenLink = (group, _session, handlers): GroupLink => {
    const link: ModelLink = { handlers, open: true, busyUntil: 0 };
    this.#links.push(link);
    let room = false;
    this.#clock.after(this.#delay(), () => {
      room = true;
      if (link.open) handlers.writable();
    });
    return {
      send: (frame) => {
        if (!room || !link.open) return false;
        this.#travel(link, group, Uint8Array.from(frame));
        if (this.#clock.random() < 0.1) {
          room = false;
          this.#clock.after(this.#delay(), () => {
            room = true;
            if (link.open) handlers.writable();
          });
        }
        return true;
      },
      refused: () => undefined,
      suspect: () => undefined,
      close: () => {
        link.open = false;
      },
    };
  };

  /** Takes all links down for good. */
  end(code: 'ENGINE_FAILED'): void {
    for (const link of this.#links.filter(({ open }) => open)) {
      link.open = false;
      link.handlers.lost(new PsmrError(code, 'the model has ended'), false);
    }
  }

  #chance(fault: keyof Faults): boolean {
    return this.#clock.random() < this.faults[fault];
  }

  #delay(): number {
    return 1 + this.#clock.random() * 20;
  }

  #lose(link: ModelLink): void {
    if (!link.open) return;
    link.open = false;
    link.handlers.lost(new PsmrError('UNREACHABLE', 'the link was cut'), true);
  }

  #travel(link: ModelLink, group: number, bytes: Uint8Array): void {
    if (this.#chance('linkLost')) this.#clock.after(this.#delay(), () => this.#lose(link));
    // A link that dies may take frames with it that never arrive.
    if (this.#chance('linkLost')) return this.#lostWith(link);
    link.busyUntil = Math.max(link.busyUntil, this.#clock.now() + this.#delay());
    this.#clock.after(link.busyUntil - this.#clock.now(), () => {
      this.#arrive(link, group, decodeCommandsFrame(bytes));
    });
  }

  /** Nothing after a lost frame may arrive on the same link. */
  #lostWith(link: ModelLink): void {
    link.busyUntil = Infinity;
    this.#clock.after(this.#delay(), () => this.#lose(link));
  }

  #arrive(link: ModelLink, group: number, frame: CommandsFrame): void {
    this.frames.push(frame);
    const readOnly = (frame.flags & FLAG_READ_ONLY) !== 0;
    const key = `${group}:${Buffer.from(frame.session).toString('hex')}`;
    if (this.#chance('overloaded')) return this.#reject(link, group, frame, 'OVERLOADED');
    if (frame.epoch !== this.epoch && !this.epochErrorPerCommand)
      return this.#reject(link, group, frame, 'WRONG_EPOCH');
    if (readOnly) return this.#answer(link, this.#execute(group, frame, frame.epoch !== this.epoch));
    if (this.#chance('sessionForgotten')) this.#forgotten.add(key);
    const session = this.#sessions.get(key) ?? { last: frame.firstSequence === 1 ? 0 : -1, replies: [] };
    if (session.last < 0 || this.#forgotten.has(key)) return this.#reject(link, group, frame, 'SESSION_EXPIRED');
    session.replies = session.replies.filter((reply) => firstOf(reply) > frame.acknowledged);
    if (frame.firstSequence + commandCount(frame) - 1 <= session.last) return this.#repeat(link, session, frame);
    if (frame.firstSequence !== session.last + 1) return this.#reject(link, group, frame, 'SEQUENCE_GAP');
    if (this.#chance('refusedForGood')) return this.#reject(link, group, frame, 'COMMAND_TOO_LARGE');
    this.#sessions.set(key, session);
    session.last = frame.firstSequence + commandCount(frame) - 1;
    const replies = this.#execute(group, frame, frame.epoch !== this.epoch);
    session.replies.push(...replies);
    this.#answer(link, replies);
  }

  #repeat(link: ModelLink, session: Session, frame: CommandsFrame): void {
    const end = frame.firstSequence + commandCount(frame);
    const known = session.replies.filter((reply) => {
      return firstOf(reply) >= frame.firstSequence && firstOf(reply) < end;
    });
    this.#answer(link, known);
  }

  /** Replies in one to three parts. */
  #execute(group: number, frame: CommandsFrame, oldEpoch: boolean): Uint8Array[] {
    const readOnly = (frame.flags & FLAG_READ_ONLY) !== 0;
    const ids = frame.segments.flatMap((segment) => {
      const { names, indexes, args } = decodeCommandBatch(segment.body, segment.count);
      return args.map((value, i) => ({ id: idOf(value), name: names[indexes[i] ?? 0] }));
    });
    if (!readOnly && !oldEpoch) for (const { id } of ids) this.executions.set(id, (this.executions.get(id) ?? 0) + 1);
    const replies: Uint8Array[] = [];
    for (let from = 0; from < ids.length;) {
      const part = ids.slice(from, from + 1 + Math.floor(this.#clock.random() * ids.length));
      const values = part.map(({ id }): Body => [id, group]);
      const errors = part.flatMap(({ name }, i) => {
        if (oldEpoch) return [i, 'WRONG_EPOCH', 'another map'];
        return name === 'fails' ? [i, 'COMMAND_FAILED', 'as asked'] : [];
      });
      const body = encodeValue([values, errors]);
      const firstSequence = frame.firstSequence + from;
      replies.push(
        encodeReplyFrame({
          kind: FrameKind.results,
          flags: frame.flags,
          group,
          count: part.length,
          firstSequence,
          body,
        }),
      );
      from += part.length;
    }
    return replies;
  }

  #answer(link: ModelLink, replies: readonly Uint8Array[]): void {
    for (const reply of replies) {
      if (this.#chance('replyLost')) {
        this.#clock.after(this.#delay(), () => this.#lose(link));
        return;
      }
      // Parts overtake each other; now and then one comes twice.
      for (let times = this.#clock.random() < 0.1 ? 2 : 1; times > 0; times--)
        this.#clock.after(this.#delay(), () => link.open && link.handlers.frame(reply));
    }
  }

  #reject(link: ModelLink, group: number, frame: CommandsFrame, code: string): void {
    const body = encodeValue([code, 'refused by the model']);
    const reply = {
      kind: FrameKind.rejected,
      flags: frame.flags,
      group,
      count: commandCount(frame),
      firstSequence: frame.firstSequence,
      body,
    };
    this.#clock.after(1, () => link.open && link.handlers.frame(encodeReplyFrame(reply)));
  }
}
