import { messageOf, PsmrError } from '../../src/errors.js';
import { type Spread, spreadOf } from '../measure/spread.js';
import { figureText, ratioOf, turnsOf } from '../measure/turns.js';
import { Resources } from '../peers/resources.js';
import { ETCD_ROWS } from './etcd-rows.js';
import { withLoadCores } from './load-cores.js';
import { NATS_ROWS } from './nats-rows.js';
import { NODE_ROWS } from './node-rows.js';
import type { PeersOptions } from './options.js';
import { PSMR_ROWS } from './psmr-rows.js';
import { REDIS_ROWS } from './redis-rows.js';
import { REFERENCES, ROW_NAMES, type RowName } from './row-names.js';
import type { Measured, PeerRow, Result, RowResult, Run, Setting, Turn } from './row.js';
import { Servers } from './servers.js';

const ALL = [...PSMR_ROWS, ...REDIS_ROWS, ...NODE_ROWS, ...ETCD_ROWS, ...NATS_ROWS];
/** Longer than a turn may take besides its own time. */
const TURN_LIMIT_MS = 120_000;

/** Those that were asked for, in the order of the table. */
export function rowsOf({ only }: Pick<PeersOptions, 'only'>): PeerRow[] {
  return ROW_NAMES.filter((name) => only.includes(name)).flatMap((name) => ALL.filter((row) => row.name === name));
}

/** A row under way. */
interface Contender {
  readonly row: PeerRow;
  readonly run: Run | null;
  /** Null once it has failed. */
  end: Exclude<Result, Measured> | null;
  /** Round by round. */
  readonly turns: Timed[];
}

type Timed = Turn & { readonly loadCores: number | null };

/** Rows take turns, round after round. Rejects when `interrupted` does; everything is closed then. */
export async function runRows(
  rows: readonly PeerRow[],
  options: PeersOptions,
  progress: (line: string) => void,
  interrupted: Promise<never> = new Promise(() => undefined),
): Promise<RowResult[]> {
  const resources = new Resources(options.data);
  const setting = { options, resources, servers: new Servers(resources) };
  try {
    return await Promise.race([measure(rows, setting, progress), interrupted]);
  } finally {
    await resources.close().catch((error: unknown) => progress(`while closing: ${messageOf(error)}`));
  }
}

async function measure(
  rows: readonly PeerRow[],
  setting: Setting,
  progress: (line: string) => void,
): Promise<RowResult[]> {
  const { rounds, seconds } = setting.options;
  const contenders: Contender[] = [];
  for (const row of rows) {
    progress(`${row.name}: starting`);
    contenders.push(await startRow(row, setting, progress));
  }
  for (let round = 1; round <= rounds; round++) {
    for (const contender of turnsOf(contenders, round)) {
      const turn = await takeTurn(contender, seconds, progress);
      if (turn === null) continue;
      contender.turns.push(turn);
      progress(`round ${round} of ${rounds}: ${contender.row.name} ${figureText(turn.commandsPerSecond)} commands/s`);
    }
  }
  return contenders.map((contender) => ({ row: contender.row, result: resultOf(contender, contenders) }));
}

/** Never rejects: a row's failure must not cost the others' figures. The first turn counts for nothing: compilers and caches settle. */
async function startRow(row: PeerRow, setting: Setting, progress: (line: string) => void): Promise<Contender> {
  try {
    const contender: Contender = { row, run: await row.start(setting), end: null, turns: [] };
    await takeTurn(contender, setting.options.seconds, progress);
    return contender;
  } catch (error) {
    return { row, run: null, end: endOf(row, error, progress), turns: [] };
  }
}

async function takeTurn(
  contender: Contender,
  seconds: number,
  progress: (line: string) => void,
): Promise<Timed | null> {
  const { run, end, row } = contender;
  if (run === null || end !== null) return null;
  try {
    const { value, cores } = await withLoadCores(() => inTime(run(seconds), TURN_LIMIT_MS + seconds * 1000));
    return { ...value, loadCores: row.loadApart ? cores : null };
  } catch (error) {
    contender.end = endOf(row, error, progress);
    return null;
  }
}

async function inTime<T>(work: Promise<T>, limitMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new PsmrError('UNREACHABLE', `No answer in ${limitMs} ms.`)), limitMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function endOf(row: PeerRow, error: unknown, progress: (line: string) => void): Exclude<Result, Measured> {
  const missing = error instanceof PsmrError && error.code === 'NOT_SUPPORTED';
  const told = messageOf(error);
  progress(`${row.name}: ${missing ? 'skipped' : 'failed'}: ${told}`);
  if (missing) return { skipped: told };
  return { failed: error instanceof PsmrError ? `${error.code}: ${told}` : told };
}

function resultOf({ row, end, turns }: Contender, all: readonly Contender[]): Result {
  if (end !== null) return end;
  const rates = turns.map((turn) => turn.commandsPerSecond);
  const reference = ratesOf(REFERENCES[row.class], all);
  return {
    commandsPerSecond: spreadOf(rates),
    p50Ms: spreadOrNull(turns.map((turn) => turn.p50Ms)),
    p99Ms: spreadOrNull(turns.map((turn) => turn.p99Ms)),
    loadCores: spreadOrNull(turns.map((turn) => turn.loadCores)),
    ratio: reference === null ? null : ratioOf(rates, reference),
  };
}

function ratesOf(name: RowName, all: readonly Contender[]): readonly number[] | null {
  const found = all.find(({ row, end }) => row.name === name && end === null);
  return found?.turns.map((turn) => turn.commandsPerSecond) ?? null;
}

function spreadOrNull(values: readonly (number | null)[]): Spread | null {
  const told = values.filter((value) => value !== null);
  return told.length === 0 ? null : spreadOf(told);
}
