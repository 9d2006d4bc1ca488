/** What a user of `psmr bench` sees, on the real techniques (so from the built package). */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { runBenchSession } from '../../dist/bench/bench-session.js';
import type { BenchTerminal } from '../../dist/bench/bench-terminal.js';
import { parseSweep } from '../../dist/bench/options/sweep.js';

const directory = mkdtempSync(join(tmpdir(), 'bench-session-'));
afterAll(() => rmSync(directory, { recursive: true }));

const CLI = join(import.meta.dirname, '../../dist/src/cli/main.cjs');
const TINY = ['--seconds', '0.05', '--rounds', '1', '--keys', '500'];

async function psmr(...args: readonly string[]): Promise<{ stdout: string; stderr: string }> {
  return promisify(execFile)(process.execPath, [CLI, ...args]);
}

function scriptOf(name: string): string {
  const file = join(import.meta.dirname, '../../package.json');
  const { scripts } = z
    .object({ scripts: z.record(z.string(), z.string()) })
    .parse(JSON.parse(readFileSync(file, 'utf8')));
  return scripts[name] ?? '';
}

/** A terminal that keeps what it is told; `interrupt` presses Ctrl-C. */
class Recorder implements BenchTerminal {
  readonly lines: string[] = [];
  readonly ended: string[] = [];
  text = '';
  interrupt: (signal: 'SIGINT') => void = () => undefined;

  progress(line: string): void {
    this.lines.push(line);
    if (line.startsWith('preparing')) this.interrupt('SIGINT');
  }

  result(text: string): void {
    this.text = text;
  }

  interruption(): Promise<NodeJS.Signals> {
    return new Promise(() => undefined);
  }

  end(signal: NodeJS.Signals): void {
    this.ended.push(signal);
  }
}

const anyNumber: unknown = expect.any(Number);

describe('npm start', () => {
  test('is a quick benchmark', () => {
    expect(scriptOf('start')).toMatch(/ && node dist\/src\/cli\/main\.cjs bench --quick$/);
  });

  test('shows a newcomer a table, what it means and what to try next', async () => {
    const { stdout, stderr } = await psmr('bench', '--quick', ...TINY);
    for (const technique of ['smr', 'no-rep', 'sp-smr', 'p-smr']) {
      expect(stdout).toMatch(new RegExp(`│ ${technique} .*[0-9] +│.* - .*│ +[0-9.]+x │`));
      expect(stdout).toMatch(new RegExp(`\n  ${technique} +[a-z]`));
      expect(stderr).toContain(`round 1 of 1: ${technique} `);
    }
    expect(stdout).toMatch(/\np-smr executes .* times what smr does: .*10 us of work per command/);
    expect(stdout).toContain('Try next:\n  npx psmr bench ');
  });
});

describe('psmr bench', () => {
  test('writes JSON of exactly the documented shape', async () => {
    const file = join(directory, 'out.json');
    const example = '--workload kv --technique smr,p-smr --streams 2 --cross 0.1 --work-us 10 --feed log';
    await psmr('bench', ...example.split(' '), ...TINY, '--json', file);
    const spread = { median: anyNumber, min: anyNumber, max: anyNumber };
    const common = {
      ...{ workload: 'kv', cross: 0.1, workUs: 10, zipf: 0, feed: 'log', clients: null, batch: 256, rounds: 1 },
      ...{
        durability: 'memory',
        commandsPerSecond: spread,
        latencyUs: null,
        ratioToFirst: anyNumber,
      },
    };
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({
      runs: [
        { technique: 'smr', streams: 1, ...common },
        { technique: 'p-smr', streams: 2, ...common },
      ],
    });
  });

  test('gives latencies where clients wait for replies', async () => {
    const file = join(directory, 'clients.json');
    await psmr('bench', '--technique', 'p-smr', '--feed', 'clients', '--clients', '2', ...TINY, '--json', file);
    const latencyUs = Object.fromEntries(['p50', 'p90', 'p99', 'p999', 'max'].map((name) => [name, anyNumber]));
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ runs: [{ clients: 2, latencyUs }] });
  });

  test('writes a page that needs nothing else', async () => {
    const file = join(directory, 'out.html');
    await psmr(
      'bench',
      '--technique',
      'smr,p-smr',
      '--streams',
      '2',
      '--cross',
      '0,1',
      '--commands',
      '500',
      ...TINY,
      '--report',
      file,
    );
    const html = readFileSync(file, 'utf8');
    expect(html).toMatch(/psmr bench .*--cross 0,1 .*--seconds 0\.05/);
    expect(html.match(/<tr><td>p-smr<\/td><td>(0|100)<\/td><td>2<\/td>/g)).toHaveLength(2);
    // Library, style and script are in it, and nothing is loaded, from the network or from files.
    expect(html).toContain('uPlot=function');
    expect(html).toContain('drawWhiskers');
    expect(html).toContain('.u-wrap');
    expect(html).not.toMatch(/<(?:link|img|iframe|script[^>]*\ssrc)|@import|url\(|sourceMappingURL|\bimport\s*[({'"]/i);
    // The library's banner says where it is from.
    expect(html.match(/https?:[^ ]*/g)).toEqual(['https://github.com/leeoniya/uPlot']);
  });

  test('says before it measures that the JSON or the page cannot be written', async () => {
    const recorder = new Recorder();
    const options = parseSweep({ json: join(directory, 'nowhere', 'out.json') });
    await expect(runBenchSession(options, recorder)).rejects.toThrow(/nowhere .*directory that exists/);
    const other = parseSweep({ report: join(directory, 'nowhere', 'out.html') });
    await expect(runBenchSession(other, recorder)).rejects.toThrow(/--report .*nowhere/);
    expect(recorder.lines).toEqual([]);
  });

  test('when interrupted closes everything, and then ends', async () => {
    const recorder = new Recorder();
    const interrupted = new Promise<NodeJS.Signals>((resolve) => {
      recorder.interrupt = resolve;
    });
    recorder.interruption = () => interrupted;
    const options = parseSweep({ keys: 100, seconds: 3600, technique: 'smr' });
    await expect(runBenchSession(options, recorder)).rejects.toThrow('ended by SIGINT');
    expect(recorder.ended).toEqual(['SIGINT']);
    expect(recorder.text).toBe('');
  });
});
