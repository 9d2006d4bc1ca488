import { describe, expect, test } from 'vitest';
import { benchCommand } from '../../bench/options/bench-command.js';
import { parseBenchOptions, type BenchOptions } from '../../bench/options/bench-options.js';

/** What the command line gives. */
async function parse(line: string): Promise<BenchOptions> {
  const parsed: BenchOptions[] = [];
  const command = benchCommand({
    compare: async ({ points }) => void parsed.push(...points),
    paper: async () => expect.unreachable(),
  });
  await command.exitOverride().parseAsync(line === '' ? [] : line.split(' '), { from: 'user' });
  return parsed[0] ?? expect.unreachable('the command did not run');
}

describe('the options of a benchmark', () => {
  test('have defaults that compare smr with p-smr on light kv, from logs', async () => {
    expect(await parse('')).toMatchObject({
      ...{ workload: 'kv', mix: 'a', technique: ['smr', 'p-smr'], feed: 'log', keys: 1_000_000, valueBytes: 32 },
      ...{ cross: 0, workUs: 0, zipf: 0, durability: ['memory'], rate: null, connect: null, json: null },
    });
  });

  test('are read from the command line, every one', async () => {
    const line =
      '--workload kv --mix f --technique smr,p-smr --streams 2 --cross 0.1 --work-us 10 --zipf 0.99 --keys 1000 ' +
      '--value-bytes 64 --feed clients --clients 3 --batch 10 --outstanding 256 --commands 900 --rate 5000 --seconds 5 --rounds 7 ' +
      '--durability memory,sync --seed 42 --json out.json --report out.html --data disk --quick';
    expect(await parse(line)).toEqual({
      ...{ workload: 'kv', mix: 'f', technique: ['smr', 'p-smr'], streams: 2, cross: 0.1, workUs: 10, zipf: 0.99 },
      ...{
        keys: 1000,
        valueBytes: 64,
        feed: 'clients',
        clients: 3,
        batch: 10,
        outstanding: 256,
        commands: 900,
        rate: 5000,
      },
      ...{ seconds: 5, rounds: 7, durability: ['memory', 'sync'], seed: 42, json: 'out.json', trace: null },
      connect: null,
      tlsCa: null,
      report: 'out.html',
      data: 'disk',
      quick: true,
    });
  });

  test('--quick compares all techniques with less time, and gives way to what is said', async () => {
    const quick = await parse('--quick --rounds 1');
    expect(quick.technique).toEqual(['smr', 'no-rep', 'sp-smr', 'p-smr']);
    expect(quick.rounds).toBe(1);
    expect(quick.seconds * 3 * quick.technique.length).toBeLessThan(30);
  });

  test('--connect means clients, blocks keep fewer characters and netfs fewer, larger files', async () => {
    expect(await parse('--connect wss://localhost:1 --tls-ca ca.pem')).toMatchObject({
      ...{ feed: 'clients', connect: ['wss://localhost:1'], tlsCa: 'ca.pem', technique: ['p-smr'] },
    });
    expect((await parse('--workload blocks --trace t.csv')).valueBytes).toBe(10);
    expect(await parse('--workload netfs')).toMatchObject({ valueBytes: 1024, keys: 10_000, mix: null });
  });

  test('services of examples/ have fewer keys and no work of their own, also with --quick', async () => {
    expect(await parse('--workload exchange --quick')).toMatchObject({ keys: 1000, workUs: 0, mix: null });
    expect(await parse('--workload ledger')).toMatchObject({ keys: 100_000, workUs: 0 });
  });

  test.each([
    ['--workload kvv', '--workload', 'kv, bank, blocks, netfs'],
    ['--mix g', '--mix', 'a, b, c'],
    ['--mix b --workload bank', '--mix', '--workload kv'],
    ['--workload ledger --work-us 5', '--work-us', 'examples/'],
    ['--workload exchange --keys 20001', '--keys', '20000'],
    ['--technique smr,psmr', '--technique', 'p-smr'],
    ['--technique smr,smr', '--technique', 'repetition'],
    ['--technique ,', '--technique', 'p-smr'],
    ['--streams 0', '--streams', '1 to 64'],
    ['--streams 65', '--streams', '1 to 64'],
    ['--streams 1.5', '--streams', '1 to 64'],
    ['--streams two', '--streams', "found 'two'"],
    ['--cross 1.1', '--cross', '0 to 1'],
    ['--cross=-0.1', '--cross', '0 to 1'],
    ['--cross=', '--cross', '0 to 1'],
    ['--work-us x', '--work-us', 'microseconds'],
    ['--zipf 1', '--zipf', 'below 1'],
    ['--keys 1', '--keys', '2 to'],
    ['--batch 0', '--batch', '1 to'],
    ['--seconds 0', '--seconds', '0.01'],
    ['--rounds NaN', '--rounds', '1 to'],
    ['--clients 4', '--clients', '--feed clients'],
    ['--rate 10', '--rate', '--feed clients'],
    ['--feed log --connect ws://a:1', '--connect', '--feed clients'],
    ['--connect http://a:1', '--connect', 'ws://'],
    ['--durability sync', '--durability', '--feed clients'],
    ['--feed clients --durability ram', '--durability', 'memory, async, sync'],
    ['--feed clients --batch 100 --outstanding 50', '--outstanding', '100'],
    ['--connect ws://a:1 --technique smr,p-smr', '--connect', 'one --technique'],
    ['--connect ws://a:1 --technique no-rep', '--connect', 'p-smr'],
    ['--feed clients --technique plain-loop', '--technique', '--feed log'],
    ['--workload bank --technique plain-loop', '--technique', '--workload kv'],
    ['--feed clients --technique sp-smr --durability sync', '--durability', 'p-smr'],
    ['--data d --feed clients', '--data', '--durability'],
    ['--workload blocks', '--trace', 'CSV'],
    ['--trace t.csv', '--trace', '--workload blocks'],
    ['--workload blocks --trace t.csv --value-bytes 2', '--value-bytes', '10 or more'],
  ])('%s is an error that names %s and says what it takes', async (line, option, accepts) => {
    const rejected = expect(parse(line)).rejects;
    await rejected.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(parse(line)).rejects.toThrow(option);
    await expect(parse(line)).rejects.toThrow(accepts);
  });

  test('an option that is none is an error', () => {
    expect(() => parseBenchOptions({ stream: '2' })).toThrow(/--stream is no option/);
  });

  test('the help tells of every option, with examples', () => {
    let help = '';
    const command = benchCommand({ compare: async () => undefined, paper: async () => undefined }).configureOutput({
      writeOut: (text) => (help += text),
    });
    command.outputHelp();
    for (const option of ['--workload', '--technique', '--durability', '--trace', '--json', '--quick'])
      expect(help).toContain(option);
    expect(help).toContain('Examples:');
  });
});
