import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Outcome } from '../../src/client/call.js';
import { createModel, GROUPS, passTime } from './model-client.js';
import { type Faults, type ModelServer, NO_FAULTS } from './model-server.js';
import { seededRandom } from './simulated-clock.js';

const seeds = fc.integer({ min: 0, max: 2 ** 31 - 1 });
const NAMES = ['write', 'write', 'write', 'read', 'fails'] as const;
const FAULTS_END_MS = 2_000;

interface Submitted {
  readonly id: number;
  readonly name: string;
  outcome: Outcome | null;
}

interface Run {
  readonly submitted: readonly Submitted[];
  readonly server: ModelServer;
}

/** Faults of the network and of a busy server: all of them mend by themselves. */
function passingFaults(random: () => number): Faults {
  const fault = (): number => (random() < 0.5 ? 0 : random() * 0.2);
  return { ...NO_FAULTS, overloaded: fault(), linkLost: fault(), replyLost: fault() };
}

function allFaults(random: () => number): Faults {
  const rare = (): number => (random() < 0.5 ? 0 : random() * 0.05);
  return { ...passingFaults(random), refusedForGood: rare(), sessionForgotten: rare() };
}

interface RunOptions {
  readonly faults: (random: () => number) => Faults;
  readonly requestTimeoutMs: number;
  readonly epochChange?: boolean;
}

async function runWithFaults(
  seed: number,
  { faults, requestTimeoutMs, epochChange = false }: RunOptions,
): Promise<Run> {
  const random = seededRandom(seed ^ 0x5eed);
  const { clock, server, client } = createModel(seed, {
    framesInFlightMax: 1 + Math.floor(random() * 8),
    requestTimeoutMs,
  });
  server.faults = faults(random);
  server.epochErrorPerCommand = random() < 0.5;
  const submitted: Submitted[] = [];
  const submit = (): void => {
    const commands: [string, number][] = [];
    const batch: Submitted[] = [];
    for (let size = 1 + Math.floor(random() * 10); size > 0; size--) {
      const one: Submitted = {
        id: submitted.length,
        name: NAMES[Math.floor(random() * NAMES.length)] ?? 'write',
        outcome: null,
      };
      submitted.push(one);
      batch.push(one);
      commands.push([one.name, one.id]);
    }
    void client
      .executeBatch(commands)
      .then((outcomes) => batch.forEach((one, i) => (one.outcome = outcomes[i] ?? null)));
  };
  for (let i = 0; i < 40; i++) clock.after(random() * 1_000, submit);
  if (epochChange) clock.after(300 + random() * 400, () => (server.epoch = 2));
  clock.after(FAULTS_END_MS, () => (server.faults = NO_FAULTS));
  await passTime(clock, 60_000);
  await passTime(clock, 120_000);

  expect(client.outstanding, 'every call ends').toBe(0);
  for (const one of submitted) check(one, server.executions.get(one.id) ?? 0, server.epoch);
  return { submitted, server };
}

function check({ id, name, outcome }: Submitted, executions: number, epoch: number): void {
  if (outcome === null) throw new Error(`command ${id} never ended`);
  expect(executions, `command ${id} is executed at most once`).toBeLessThanOrEqual(1);
  if (outcome.ok) {
    const groups = epoch === 1 ? [(id + 1) % GROUPS] : [(id + 1) % GROUPS, (id + 2) % GROUPS];
    expect(groups.map((group) => [id, group])).toContainEqual(outcome.value);
    if (name !== 'read') expect(executions, `command ${id} was answered`).toBe(1);
    return;
  }
  if (outcome.error.code === 'COMMAND_FAILED') expect(executions).toBe(1);
  else if (outcome.error.code !== 'OUTCOME_UNKNOWN')
    expect(executions, `command ${id} ended with ${outcome.error.code}`).toBe(0);
}

function codeOf({ outcome }: Submitted): string {
  return outcome === null || outcome.ok ? 'ok' : outcome.error.code;
}

describe('the client over a faulty network', () => {
  it('executes each command at most once, answers the right caller, and ends every call truthfully', async () => {
    const run = (seed: number): Promise<Run> => runWithFaults(seed, { faults: allFaults, requestTimeoutMs: 1_500 });
    await fc.assert(
      fc.asyncProperty(seeds, async (seed) => {
        await run(seed);
      }),
      { numRuns: 150 },
    );
  });

  it('does so as well while the partition map changes', async () => {
    const options = { faults: allFaults, requestTimeoutMs: 1_500, epochChange: true };
    const run = (seed: number): Promise<Run> => runWithFaults(seed, options);
    await fc.assert(
      fc.asyncProperty(seeds, async (seed) => {
        await run(seed);
      }),
      { numRuns: 100 },
    );
  });

  it('has every command executed exactly once where faults pass before the callers lose patience', async () => {
    await fc.assert(
      fc.asyncProperty(seeds, async (seed) => {
        const { submitted } = await runWithFaults(seed, { faults: passingFaults, requestTimeoutMs: 50_000 });
        for (const one of submitted) expect(codeOf(one)).toBe(one.name === 'fails' ? 'COMMAND_FAILED' : 'ok');
      }),
      { numRuns: 100 },
    );
  });
});
