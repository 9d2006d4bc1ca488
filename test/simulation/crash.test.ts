/**
 * The whole engine loses power at any operation of its disk: whatever was acknowledged is there, exactly once;
 * the rest wholly or not at all, in all its streams or in none. Replay a failure with the PSMR_SEED and PSMR_CRASH it names.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it, vi } from 'vitest';
import { PowerLoss, MemoryDisk } from '../../src/storage/memory-disk.js';
import { seededRandom } from '../seeded-random.js';
import { DurableEngine, type History } from './durable-engine.js';
import { randomCommand, SequentialModel, service, type ModelCommand, type ModelOutcome } from './model-service.js';
import { expectOutcome, forEachSeed, randomSetting, type Setting } from './random-setting.js';
import { serialOrder } from './serial-order.js';
import { SimulatedClient } from './simulated-client.js';

const STEPS_MAX = 50_000;
const COMMANDS = 40;
const CLIENTS = 2;
/** From one crash point of a run to the next, in operations; PSMR_STRIDE=1: each. */
const STRIDE = Number(process.env['PSMR_STRIDE'] ?? 8);

/** One life of a service, over several power failures. */
class Life {
  readonly setting: Setting;
  readonly histories: History[];
  readonly commands: ModelCommand[];
  /** async: a power failure may take what was acknowledged, from the end of each log, and must leave the rest whole. */
  readonly durability: 'sync' | 'async';
  clients: SimulatedClient[] = [];
  readonly #random: () => number;
  #sessions = 0;
  sent = 0;
  checkpoints = 0;

  constructor(random: () => number) {
    this.#random = random;
    this.setting = randomSetting(random, 4);
    this.histories = Array.from({ length: this.setting.map.streams + 1 }, () => []);
    this.durability = random() < 0.5 ? 'async' : 'sync';
    this.commands = Array.from({ length: COMMANDS }, (_, id) => randomCommand(random, this.setting.keys, id));
  }

  /** Runs until the power fails (false), or all is answered (true). */
  async run(disk: MemoryDisk): Promise<boolean> {
    let engine: DurableEngine;
    try {
      const { histories, durability } = this;
      engine = await DurableEngine.open(service, this.setting.map, { disk, histories, durability });
    } catch (error) {
      return ignorePowerLoss(error);
    }
    await this.#until(engine, () => engine.recovered);
    if (failed(engine)) return ignorePowerLoss(engine.failure);
    // Sessions whose acknowledged commands may be gone are not gone on with.
    if (this.durability === 'async') this.clients = [];
    this.#check(engine);
    this.#connect(engine);
    const random = this.#random;
    let release: (() => void) | null = null;
    await this.#until(engine, () => {
      if (random() < 0.1) this.#send();
      if (random() < 0.03) engine.takeCheckpoint();
      // Now and then the disk takes its time.
      if (release === null && random() < 0.05) release = disk.holdSyncs(this.#slowFiles());
      else if (release !== null && random() < 0.02) {
        release();
        release = null;
      }
      for (const client of this.clients) client.receive();
      return this.sent === COMMANDS && this.clients.every((client) => client.answered) && engine.drained;
    });
    this.checkpoints += engine.checkpoints;
    if (failed(engine)) return ignorePowerLoss(engine.failure);
    this.#check(engine);
    return true;
  }

  #connect(engine: DurableEngine): void {
    for (let id = 0; id < CLIENTS; id++) {
      const client = this.clients[id];
      if (client === undefined) this.clients.push(new SimulatedClient(engine, ++this.#sessions));
      else client.reconnect(engine, this.#random());
    }
  }

  /** All files, or one group's log alone: checkpoints may then be ahead of it. */
  #slowFiles(): string {
    return this.#random() < 0.5 ? '' : `/data/group-${Math.floor(this.#random() * this.histories.length)}`;
  }

  #send(): void {
    const ids = Array.from({ length: 1 + Math.floor(this.#random() * 5) }, (_, at) => this.sent + at);
    const batch = ids.flatMap((id) => {
      const command = this.commands[id];
      return command === undefined ? [] : [[id, command] as const];
    });
    this.sent += batch.length;
    if (batch.length > 0) this.clients[Math.floor(this.#random() * CLIENTS)]?.send(batch);
  }

  async #until(engine: DurableEngine, done: () => boolean): Promise<void> {
    const random = this.#random;
    for (let steps = 0; !failed(engine) && !done(); steps++) {
      if (steps > STEPS_MAX) throw new Error(`stuck after ${this.sent} commands: ${engine.describe()}`);
      engine.poll(Math.floor(random() * engine.nodes.length));
      // The disk moves on by a little, or until it has nothing to do.
      if (random() < 0.1) await nextTurn();
      else await Promise.resolve();
    }
  }

  /** Everything so far equals one sequential execution of what the logs hold, each command once. */
  #check(engine: DurableEngine): void {
    const model = new SequentialModel(this.setting.isShared);
    const expected = new Map<number, ModelOutcome>();
    for (const command of serialOrder(this.histories.map(withoutRepeats))) {
      const id = command[1]['id'] as number;
      expected.set(id, model.run(command));
    }
    for (const client of this.clients) {
      expect(client.rejections).toEqual([]);
      for (const [id, outcome] of client.outcomes) expectOutcome(outcome, expected.get(id), id);
    }
    expect(engine.content()).toEqual(model.content);
  }
}

/** A frame that was sent again stands in its log twice, and counts once. */
function withoutRepeats(history: History): History {
  const seen = new Set<string>();
  const isNew = (frame: Uint8Array): boolean => {
    const known = seen.size;
    return seen.add(Buffer.from(frame).toString('latin1')).size > known;
  };
  return history.map((entry) => ({ ...entry, frames: entry.frames.filter(isNew) }));
}

/** A call, as the compiler does not see that it changes. */
function failed(engine: DurableEngine): boolean {
  return engine.failure !== null;
}

function ignorePowerLoss(error: unknown): false {
  const cause = error instanceof Error ? error.cause : undefined;
  if (error instanceof PowerLoss || cause instanceof PowerLoss) return false;
  throw error;
}

/** A life that loses power at operation `at`, then early in its recovery or later, and then no more. */
async function live(seed: number, at: number): Promise<{ lost: boolean; checkpoints: number }> {
  const random = seededRandom(seed);
  const life = new Life(random);
  let disk = new MemoryDisk();
  disk.powerOffAt(at);
  let whole = await life.run(disk);
  const lost = !whole;
  for (let again = 0; !whole; again++) {
    disk = disk.restarted(random);
    if (again < 2) disk.powerOffAt(1 + Math.floor(random() * (again === 0 ? 12 : 60)));
    whole = await life.run(disk);
  }
  return { lost, checkpoints: life.checkpoints };
}

// Group 0's worker has no other clock.
vi.spyOn(Date, 'now').mockReturnValue(1000);

it('a power failure at any operation of the disk loses nothing acknowledged, and halves nothing', async () => {
  const only = process.env['PSMR_CRASH'];
  let checkpoints = 0;
  await forEachSeed('crash.test.ts', 8, async (_, seed) => {
    let lost = true;
    for (let at = Number(only ?? 1 + (seed % STRIDE)); lost && at > 0; at = only === undefined ? at + STRIDE : 0) {
      const life = await live(seed, at).catch((cause: unknown) => {
        throw new Error(`power lost in operation ${at} (PSMR_CRASH=${at})`, { cause });
      });
      ({ lost } = life);
      checkpoints += life.checkpoints;
    }
  });
  const replay = only !== undefined || process.env['PSMR_SEED'] !== undefined;
  if (!replay) expect(checkpoints).toBeGreaterThan(10); // the runs are not trivial
});
