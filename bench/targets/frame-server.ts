import { DEFAULT_LIMITS } from '../../src/config/limits.js';
import { ControlBlock } from '../../src/memory/control-block.js';
import { DutyCycle } from '../../src/replica/duty-cycle.js';
import type { ReplyLink } from '../../src/replica/reply-link.js';
import { RingClient } from '../../src/replica/ring-client.js';
import { decodeCommandsFrame, type CommandsFrame } from '../../src/transport/frames.js';
import type { FrameServerTask } from './thread-target.js';

/** As an engine's workers. */
const SPIN_US = 50;
const GROUP = 1;

/** Takes the frames of all clients of a thread, one of each in turn. */
export class FrameServer {
  readonly failure: Promise<never>;
  readonly #clients: readonly RingClient[];
  readonly #serve: (frame: CommandsFrame, link: ReplyLink) => void;
  readonly #cycle: DutyCycle;

  constructor({ control, clients }: FrameServerTask, serve: (frame: CommandsFrame, link: ReplyLink) => void) {
    this.#clients = clients.map((memory) => new RingClient(memory, DEFAULT_LIMITS.unreadBytesMax));
    this.#serve = serve;
    let failed: (error: unknown) => void = () => undefined;
    this.failure = new Promise((_, reject) => {
      failed = reject;
    });
    const bell = new ControlBlock(control).bell(GROUP);
    this.#cycle = new DutyCycle({ bell, poll: () => (this.#poll() ? 'progress' : 'spin'), spinUs: SPIN_US, failed });
    this.#cycle.wake();
  }

  /** Replies were written outside of `serve`: send them. */
  wake(): void {
    this.#cycle.wake();
  }

  end(): void {
    this.#cycle.end();
  }

  #poll(): boolean {
    let worked = false;
    for (const client of this.#clients) {
      const bytes = client.read();
      if (bytes !== null) this.#serve(decodeCommandsFrame(bytes), client.link);
      worked = client.flush() || bytes !== null || worked;
    }
    return worked;
  }
}
