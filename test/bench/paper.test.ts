import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, test } from 'vitest';
import { benchCommand } from '../../dist/bench/options/bench-command.js';
import { predictRate } from '../../dist/bench/model/cost-model.js';
import { checkedModel, modelPoints } from '../../dist/bench/paper/model-points.js';
import { modelSection } from '../../dist/bench/paper/model-section.js';
import { type PaperOptions, parsePaperOptions } from '../../dist/bench/paper/paper-options.js';
import { paperSet } from '../../dist/bench/paper/paper-set.js';
import { profileRun } from '../../dist/bench/paper/profile-run.js';
import { parseBenchOptions } from '../../dist/bench/options/bench-options.js';
import { runReport } from './report-runs.js';

const directory = mkdtempSync(join(tmpdir(), 'bench-paper-'));
afterAll(() => rmSync(directory, { recursive: true }));

const CLI = join(import.meta.dirname, '../../dist/src/cli/main.cjs');

async function parse(line: string): Promise<PaperOptions> {
  const parsed: PaperOptions[] = [];
  const command = benchCommand({
    compare: async () => expect.unreachable(),
    paper: async (options) => void parsed.push(options),
  });
  await command.exitOverride().parseAsync(line.split(' '), { from: 'user' });
  return parsed[0] ?? expect.unreachable('the command did not run');
}

describe('psmr bench paper', () => {
  test('takes how long, where to and the seed', async () => {
    expect(await parse('paper --streams 2 --seconds 1 --rounds 5 --seed 9 --report a.html --json a.json')).toEqual({
      ...{ streams: 2, seconds: 1, rounds: 5, seed: 9, report: 'a.html', json: 'a.json', quick: false },
    });
    expect(await parse('paper')).toMatchObject({ report: 'psmr-paper.html', json: null });
  });

  test.each([
    ['paper --cross 0.1', '--cross: psmr bench paper sets it'],
    ['paper --workload kv', '--workload: psmr bench paper sets it'],
    ['paper --rounds 0', "--rounds: found '0'"],
    ['papers', "the set that there is is 'paper'"],
  ])('%s is an error', async (line, message) => {
    await expect(parse(line)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(parse(line)).rejects.toThrow(message);
  });

  test('measures what the paper does', () => {
    const parts = paperSet(parsePaperOptions({ streams: 2 }));
    const shares = parts.filter(({ sweep }) => sweep.axis === 'cross' && sweep.points.length === 8);
    expect(shares.map(({ sweep }) => [sweep.points[0]?.zipf, sweep.points.map(({ cross }) => cross * 100)])).toEqual([
      [0, [0, 1, 5, 10, 15, 25, 50, 100]],
      [0.99, [0, 1, 5, 10, 15, 25, 50, 100]],
    ]);
    const points = parts.flatMap(({ sweep }) => sweep.points);
    expect(points.filter(({ workload }) => workload === 'netfs')).not.toEqual([]);
    // No more than five minutes of measuring, at a second for all that is not measured of each contender.
    const seconds = points.reduce((sum, each) => sum + each.technique.length * (each.rounds * each.seconds + 1), 0);
    expect(seconds).toBeLessThan(300);
  });

  test('writes its page, with all parts and a prediction', { timeout: 120_000 }, async () => {
    const [report, json] = [join(directory, 'paper.html'), join(directory, 'paper.json')];
    const args = [CLI, 'bench', 'paper', '--quick', '--streams', '2', '--report', report, '--json', json];
    const { stdout, stderr } = await promisify(execFile)(process.execPath, args);
    const html = readFileSync(report, 'utf8');
    const { runs } = JSON.parse(readFileSync(json, 'utf8')) as { runs: { commandsPerSecond: { median: number } }[] };
    expect(runs.length).toBeGreaterThan(15);
    for (const { commandsPerSecond } of runs)
      expect(html).toContain(`<td>${Math.round(commandsPerSecond.median).toLocaleString('en-US')}</td>`);
    for (const { title } of paperSet(parsePaperOptions({ quick: true, streams: 2 }))) {
      expect(html).toContain(`<h2>${title}</h2>`);
      expect(stderr).toMatch(new RegExp(`part \\d+ of \\d+, ${title.replaceAll(/[()]/g, '\\$&')}: point 1 of `));
    }
    expect(html).toMatch(/its median error is [\d.]+%/);
    expect(html).toContain('class="chart prediction"');
    expect(html).toContain('This run was --quick: its figures say nothing.');
    expect(stdout).toMatch(/measured in \d+:\d\d, written to .*paper\.html and .*paper\.json/);
  });
});

describe('the model of a set', () => {
  const COSTS = { commandUs: 1, mixedUs: 0.2, workUs: 1, crossUs: 0.5, meetingUs: 20, entryUs: 2 };
  const parts = paperSet(parsePaperOptions({ quick: true, streams: 2 })).filter(({ modelled }) => modelled);

  /** Runs as a machine of two cores with these costs would have them, but for points that only check, off by a tenth. */
  async function measured() {
    return Promise.all(
      parts.map(async (part) => {
        const runs = part.sweep.points.map(async (options, at) => {
          const profile = await profileRun(options, options.commands ?? 0);
          const rate = predictRate(COSTS, { profile, workUs: options.workUs, cores: 2 });
          return runReport('p-smr', at % 2 === 0 ? rate : rate * 1.25);
        });
        return { part, runs: [runReport('smr', 1), ...(await Promise.all(runs))] };
      }),
    );
  }

  test('is calibrated by some points, its error is that of the others', async () => {
    const points = await modelPoints(await measured(), 2);
    expect(new Set(points.map(({ calibrates }) => calibrates))).toEqual(new Set([true, false]));
    const model = checkedModel(points.map((point) => ({ ...point, calibrates: true })));
    expect(model).toBeNull();
    const halves = checkedModel(points) ?? expect.unreachable('there are points for both');
    for (const point of points.filter(({ calibrates }) => calibrates))
      expect(predictRate(halves.costs, point) / point.commandsPerSecond).toBeCloseTo(1, 3);
    // What checks is measured too high here, and no calibration has seen it.
    expect(halves.medianError).toBeGreaterThan(0.1);
  });

  test('is shown with its error, its points and curves marked as predictions', async () => {
    const model = checkedModel(await modelPoints(await measured(), 2)) ?? expect.unreachable();
    const options = parseBenchOptions({ cross: 0.1, keys: 1000 });
    const profiles = await Promise.all([2, 8].map((streams) => profileRun({ ...options, streams }, 1000)));
    const section = modelSection(model, [{ options, profiles }], 2);
    expect(section.notes[0]).toContain(`its median error is ${(model.medianError * 100).toFixed(1)}%`);
    expect(section.table?.rows).toHaveLength(model.points.length);
    const [curve] = section.charts.filter(({ prediction }) => prediction);
    expect(curve).toMatchObject({ x: [2, 8], series: [{ style: 'dashed', label: '10% cross-stream' }] });
    expect(curve?.series[0]?.values[1]).toBeGreaterThan(curve?.series[0]?.values[0] ?? Infinity);
  });
});
