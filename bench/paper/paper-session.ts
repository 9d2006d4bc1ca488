/** `psmr bench paper`: measures the set and writes its page. */
import { writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { type BenchTerminal, Interruption } from '../bench-terminal.js';
import type { RunReport } from '../measure/report.js';
import { reportJson } from '../measure/report-json.js';
import { thisMachine } from '../report/machine.js';
import type { Page, Section } from '../report/page.js';
import { roundsText, sectionOf } from '../report/sweep-page.js';
import { assertWritable } from '../report/writable.js';
import { writePage } from '../report/write-page.js';
import { runPoint } from '../run-point.js';
import { forecasts } from './forecasts.js';
import { checkedModel, type MeasuredPart, modelPoints } from './model-points.js';
import { modelSection } from './model-section.js';
import type { PaperOptions } from './paper-options.js';
import { type PaperPart, paperSet } from './paper-set.js';

/** Rejects with INVALID_ARGUMENT, or what a contender failed of. An interruption stops all threads first. */
export async function runPaperSession(options: PaperOptions, terminal: BenchTerminal): Promise<void> {
  await assertWritable('--report', options.report);
  await assertWritable('--json', options.json);
  const interruption = new Interruption(terminal);
  try {
    const start = performance.now();
    const measured = await measureAll(paperSet(options), terminal, interruption.arrived);
    const model = await sectionOfModel(measured, options.quick);
    await writePage(options.report, pageOf(options, measured, model));
    if (options.json !== null)
      await writeFile(options.json, reportJson({ runs: measured.flatMap(({ runs }) => runs) }));
    const files = [options.report, ...(options.json === null ? [] : [options.json])];
    terminal.result(`measured in ${clockText(performance.now() - start)}, written to ${files.join(' and ')}`);
  } finally {
    interruption.takeEffect();
  }
}

async function measureAll(
  parts: readonly PaperPart[],
  terminal: BenchTerminal,
  interrupted: Promise<never>,
): Promise<MeasuredPart[]> {
  const start = performance.now();
  const measured: MeasuredPart[] = [];
  for (const [at, part] of parts.entries()) {
    const runs: RunReport[] = [];
    for (const [number, point] of part.sweep.points.entries()) {
      const place = `part ${at + 1} of ${parts.length}, ${part.title}: point ${number + 1} of ${part.sweep.points.length}`;
      terminal.progress(`${place} (${clockText(performance.now() - start)} so far)`);
      runs.push(...(await runPoint(point, () => undefined, interrupted)).runs);
    }
    measured.push({ part, runs });
  }
  return measured;
}

async function sectionOfModel(measured: readonly MeasuredPart[], quick: boolean): Promise<Section[]> {
  const cores = availableParallelism();
  const model = checkedModel(await modelPoints(measured, cores));
  return model === null ? [] : [modelSection(model, await forecasts(quick), cores)];
}

function pageOf(options: PaperOptions, measured: readonly MeasuredPart[], model: readonly Section[]): Page {
  const { rounds, seconds, quick } = options;
  const summary =
    'The experiments of the paper on parallel state machine replication, on this machine: no replication (no-rep), one log ' +
    'and one worker (smr), one log and a scheduler (sp-smr), a log per stream (p-smr). Execution is fed from logs in memory, ' +
    'unless latency is the subject. ' +
    roundsText(rounds, seconds) +
    (quick ? ' This run was --quick: its figures say nothing.' : '');
  const sections = measured.map(({ part, runs }) => sectionOf(part.title, part.notes, part.sweep, runs));
  return {
    ...{ title: 'psmr: the experiments of the P-SMR paper', summary, machine: thisMachine(), written: new Date() },
    command: commandOf(options),
    sections: [...sections, ...model],
  };
}

function commandOf({ streams, seconds, rounds, seed, quick }: PaperOptions): string {
  const words = ['psmr bench paper', `--streams ${streams}`, `--seconds ${seconds}`, `--rounds ${rounds}`];
  return [...words, `--seed ${seed}`, ...(quick ? ['--quick'] : [])].join(' ');
}

function clockText(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
