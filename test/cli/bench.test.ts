import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { interrupted, psmr, temporaryDirectory } from './command-line.js';

const tiny = ['bench', '--technique', 'smr,p-smr', '--streams', '2', '--keys', '1000', '--rounds', '1'];

describe('psmr bench', () => {
  it('prints a table on stdout, progress on stderr, and writes what it measured as JSON', async () => {
    const file = join(temporaryDirectory(), 'out.json');
    const { code, stdout, stderr } = await psmr([...tiny, '--seconds', '0.05', '--json', file]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/p-smr +│ +2 +│ +[\d,]+ +│/);
    expect(stderr).toContain('psmr: round 1 of 1: smr ');
    const report = JSON.parse(readFileSync(file, 'utf8')) as { runs: unknown[] };
    expect(report.runs).toMatchObject([
      { technique: 'smr', streams: 1, feed: 'log', rounds: 1, latencyUs: null, ratioToFirst: 1 },
      { technique: 'p-smr', streams: 2 },
    ]);
  });

  it('refuses options that contradict each other, with exit code 2', async () => {
    const { code, stderr } = await psmr([...tiny, '--rate', '5']);
    expect(code).toBe(2);
    expect(stderr).toBe('psmr: INVALID_ARGUMENT: --rate needs --feed clients.\n');
  });

  it('ends at Ctrl-C with exit code 130, without a table', async () => {
    const { code, stdout } = await interrupted([...tiny, '--seconds', '300'], /preparing p-smr/, 'SIGINT');
    expect({ code, stdout }).toEqual({ code: 130, stdout: '' });
  });
});
