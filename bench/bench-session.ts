/** `psmr bench` from its options to its table: what the command line runs. */
import { constants } from 'node:fs';
import { access, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname, resolve } from 'node:path';
import { createPartitionMap } from '../src/classifier/create-partition-map.js';
import { messageOf, PsmrError } from '../src/errors.js';
import { reportJson } from './measure/report-json.js';
import { renderLegend, renderReport } from './measure/report-table.js';
import type { BenchOptions } from './options/bench-options.js';
import { runBenchmark } from './run-benchmark.js';
import { createContender } from './techniques/create-contender.js';
import { createJob } from './workloads/bench-job.js';
import { calibrateSpin } from './workloads/work.js';

export interface BenchTerminal {
  /** A line for people who wait. */
  progress(line: string): void;
  /** The result. */
  result(text: string): void;
  /** Resolves when the user wants it to end; what is open is closed then. Asked for once. */
  interruption(): Promise<NodeJS.Signals>;
  /** After an interruption, once everything is closed. Default: lets the signal take effect. */
  end?(signal: NodeJS.Signals): void;
}

/** Light commands in one lap of the measured log: a fraction of a second. */
const COMMANDS_MAX = 300_000;
/** With work, a lap is about this much of it. */
const LAP_WORK_US = 400_000;
const COMMANDS_MIN = 1000;

const NEXT_STEPS = `
Try next:
  npx psmr bench --work-us 10 --cross 0.1       when a tenth of the commands touch two streams
  npx psmr bench                                light commands: what the engine itself costs
  npx psmr bench --feed clients                 with clients and replies, and how long each takes
  npx psmr bench --help                         workloads, techniques, options`;

/**
 * Runs a benchmark; writes the table to the terminal and the JSON where the options say. Rejects with INVALID_ARGUMENT,
 * or what a contender failed of. An interruption stops all threads and removes temporary files first.
 */
export async function runBenchSession(options: BenchOptions, terminal: BenchTerminal): Promise<void> {
  if (options.json !== null) await assertWritable(options.json);
  terminal.progress(announce(options));
  const job = createJob({
    options,
    map: createPartitionMap({ streams: options.streams }).toJson(),
    spinsPerUs: options.workUs > 0 ? calibrateSpin(() => performance.now() * 1000) : 0,
    commandsMax: commandsMax(options.workUs),
  });
  const interruption = new Interruption(terminal);
  try {
    const report = await runBenchmark(job, createContender, (line) => terminal.progress(line), interruption.arrived);
    if (options.json !== null) await writeFile(options.json, reportJson(report));
    terminal.result(resultText(options, renderReport(report.runs), renderLegend(report.runs)));
  } finally {
    interruption.takeEffect();
  }
}

/** A signal that is kept back until everything is closed. */
class Interruption {
  readonly arrived: Promise<never>;
  readonly #terminal: BenchTerminal;
  #signal: NodeJS.Signals | null = null;

  constructor(terminal: BenchTerminal) {
    this.#terminal = terminal;
    this.arrived = terminal.interruption().then((signal) => {
      this.#signal = signal;
      throw new Error(`ended by ${signal}`);
    });
    // It may come when nobody waits for it any more.
    this.arrived.catch(() => undefined);
  }

  takeEffect(): void {
    if (this.#signal === null) return;
    if (this.#terminal.end === undefined) process.emit(this.#signal);
    else this.#terminal.end(this.#signal);
  }
}

function resultText({ quick, json }: BenchOptions, table: string, legend: string): string {
  const written = json === null ? '' : `\nwritten to ${json}`;
  return `${table}\n\n${legend}${quick ? `\n${NEXT_STEPS}` : ''}${written}`;
}

function announce({ technique, durability, rounds, seconds }: BenchOptions): string {
  const runs = technique.length * durability.length;
  const total = Math.round(runs * rounds * seconds);
  const cores = availableParallelism();
  return `comparing ${technique.join(', ')} on ${cores} cores: ${rounds} rounds of ${seconds} s each, ${total} s and the preparation`;
}

function commandsMax(workUs: number): number {
  return workUs === 0 ? COMMANDS_MAX : Math.max(COMMANDS_MIN, Math.min(COMMANDS_MAX, Math.round(LAP_WORK_US / workUs)));
}

/** Better now than after minutes of measuring. */
async function assertWritable(file: string): Promise<void> {
  const directory = dirname(resolve(file));
  try {
    await access(directory, constants.W_OK);
  } catch (cause) {
    const what = `--json ${file}: nothing can be written in ${directory} (${messageOf(cause)}).`;
    throw new PsmrError('INVALID_ARGUMENT', `${what} Name a file in a directory that exists.`, { cause });
  }
}
