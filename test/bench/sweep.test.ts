import { describe, expect, test } from 'vitest';
import { benchCommand } from '../../bench/options/bench-command.js';
import { commandLineOf } from '../../bench/options/command-line.js';
import { parseSweep, type Sweep } from '../../bench/options/sweep.js';

/** What the command line gives. */
async function parse(line: string): Promise<Sweep> {
  const parsed: Sweep[] = [];
  const command = benchCommand({
    compare: async (sweep) => void parsed.push(sweep),
    paper: async () => expect.unreachable(),
  });
  await command.exitOverride().parseAsync(line === '' ? [] : line.split(' '), { from: 'user' });
  return parsed[0] ?? expect.unreachable('the command did not run');
}

describe('a sweep', () => {
  test('without a list is one benchmark', () => {
    expect(parseSweep({ cross: '0.1' })).toMatchObject({ axis: null, points: [{ cross: 0.1 }] });
  });

  test.each([
    [{ streams: '1,2, 4' }, 'streams', [1, 2, 4]],
    [{ cross: '0,0.5,1' }, 'cross', [0, 0.5, 1]],
    [{ workUs: '0,10' }, 'workUs', [0, 10]],
    [{ zipf: '0,0.99' }, 'zipf', [0, 0.99]],
    [{ batch: '1,256' }, 'batch', [1, 256]],
    [{ feed: 'clients', rate: '1000,2000' }, 'rate', [1000, 2000]],
  ] as const)('%j is one benchmark per value', (values, axis, expected) => {
    const sweep = parseSweep({ ...values, seed: '7' });
    expect(sweep.axis).toBe(axis);
    expect(sweep.points.map((point) => point[axis])).toEqual(expected);
    for (const point of sweep.points) expect(point.seed).toBe(7);
  });

  test.each([
    [{ cross: '0,1', zipf: '0,0.5' }, 'can be a list'],
    [{ cross: '0.1,0.10' }, 'without repetition'],
    [{ cross: '0,2' }, "--cross: found '2'"],
    [{ keys: '10,20' }, "--keys: found '10,20'"],
    [{ rate: '1,2' }, '--rate needs --feed clients'],
  ])('%j is an error', (values, message) => {
    expect(() => parseSweep(values)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    expect(() => parseSweep(values)).toThrow(message);
  });
});

describe('the command line of a benchmark', () => {
  test.each([
    '',
    '--cross 0,0.1,1 --work-us 5 --technique smr,p-smr --seed 3',
    '--workload bank --feed clients --clients 2 --batch 8 --outstanding 2048 --rate 1000,2000 --streams 3',
    '--workload blocks --trace trace.csv --value-bytes 12 --technique no-rep,sp-smr',
    '--mix f --zipf 0.99 --keys 500 --feed clients --durability memory,sync --data disk',
    '--connect ws://a:1,ws://b:2',
  ])('measures the same again: %s', async (line) => {
    const sweep = await parse(line);
    const command = commandLineOf(sweep);
    expect(command).toMatch(/^psmr bench --workload /);
    expect(await parse(command.slice('psmr bench '.length))).toEqual(sweep);
  });

  test('is quoted for a shell', async () => {
    const sweep = parseSweep({ workload: 'blocks', trace: "my disk's trace.csv" });
    expect(commandLineOf(sweep)).toContain("--trace 'my disk'\\''s trace.csv'");
  });
});
