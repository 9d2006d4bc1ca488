import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Engine } from 'psmr';
import type bank from '../../examples/bank.js';
import { BANK, psmr, temporaryDirectory } from './command-line.js';

const ACCOUNTS = 50;
const TRANSFERS = 20;

interface Made {
  readonly data: string;
  readonly hashes: readonly string[];
}

/** Deposits, a checkpoint, transfers; the engine runs until the test ends, or is stopped. */
async function makeData(keepRunning: boolean): Promise<Made> {
  const data = join(temporaryDirectory(), 'data');
  const engine = await Engine.start({ service: BANK, streams: 2, dataDir: data });
  onTestFinished(() => engine.stop());
  const client = engine.client<typeof bank>();
  const account = (at: number): string => `account-${at % ACCOUNTS}`;
  const numbers = (length: number): number[] => Array.from({ length }, (_, at) => at);
  await client.executeBatch(numbers(ACCOUNTS).map((at) => ['deposit', { account: account(at), amount: 9 }] as const));
  const { parts } = await engine.checkpoint();
  await client.executeBatch(
    numbers(TRANSFERS).map((at) => ['transfer', { from: account(at), to: account(at + 7), amount: 1 }] as const),
  );
  if (!keepRunning) await engine.stop();
  return { data, hashes: parts.map((part) => part.hash) };
}

/** Every file, its time of change, its size and its content. */
function picture(directory: string): unknown {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((name) => {
      const path = join(directory, name);
      const { mtimeMs, ctimeMs, size } = statSync(path);
      const content = statSync(path).isFile() ? readFileSync(path).toString('latin1').length : null;
      return [name, mtimeMs, ctimeMs, size, content];
    });
}

function segmentOf(data: string, group: number): string {
  const directory = join(data, `group-${group}`);
  return join(directory, readdirSync(directory).find((name) => name.endsWith('.segment')) ?? '');
}

describe('psmr inspect', () => {
  it('shows identity, logs and checkpoints, and changes nothing', async () => {
    const { data, hashes } = await makeData(false);
    const before = picture(data);
    const { code, stdout } = await psmr(['inspect', data, '--json']);
    expect(code).toBe(0);
    expect(picture(data)).toEqual(before);
    const found = JSON.parse(stdout) as {
      groups: { commands: number; tornBytes: number; entries: Record<string, number>; mergePoints: unknown }[];
      checkpoints: { complete: { parts: { keys: number; hash: string }[] }[] };
    };
    expect(found).toMatchObject({ service: 'bank', streams: 2, openedBy: null, groups: [{ name: 'sync' }, {}, {}] });
    expect(found.groups.reduce((sum, group) => sum + group.commands, 0)).toBe(ACCOUNTS + TRANSFERS);
    expect(found.groups.every((group) => group.tornBytes === 0)).toBe(true);
    expect(found.groups[0]).toMatchObject({ mergePoints: null, entries: { checkpoints: 1, mergeOnly: 0 } });
    for (const stream of found.groups.slice(1)) expect(stream.mergePoints).toMatchObject({ lowest: 1, highest: 2 });
    const [checkpoint] = found.checkpoints.complete;
    expect(checkpoint?.parts.map((part) => part.hash)).toEqual(hashes);
    expect(checkpoint?.parts.reduce((sum, part) => sum + part.keys, 0)).toBe(ACCOUNTS);
  });

  it('is a table for people', async () => {
    const { data } = await makeData(false);
    const { stdout, stderr } = await psmr(['inspect', data]);
    expect(stdout).toContain('service    bank');
    expect(stdout).toMatch(/^ {2}0 \(sync\) +1\.\.2 /m);
    expect(stdout).toMatch(/^Checkpoint 1, taken \d{4}-/m);
    expect(stderr).toContain('reading the log of group 0');
  });

  it('looks at a directory that an engine has open, and says so', async () => {
    const { data } = await makeData(true);
    const { code, stdout } = await psmr(['inspect', data, '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ openedBy: process.pid });
  });

  it('reads a directory that a start without any command left', async () => {
    const data = join(temporaryDirectory(), 'data');
    await (await Engine.start({ service: BANK, streams: 1, dataDir: data })).stop();
    const { code, stdout } = await psmr(['inspect', data]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Checkpoints\n {2}none$/m);
  });
});

describe('psmr inspect names the file of', () => {
  it('a log that is damaged', async () => {
    const { data } = await makeData(false);
    const file = segmentOf(data, 0);
    const bytes = readFileSync(file);
    bytes.writeUInt8((bytes[512 + 40] ?? 0) ^ 1, 512 + 40); // in the payload of the first record
    writeFileSync(file, bytes);
    const { code, stdout, stderr } = await psmr(['inspect', data, '--json']);
    expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
    const lastLine = stderr.trimEnd().split('\n').at(-1) ?? '';
    expect(JSON.parse(lastLine)).toMatchObject({ error: { code: 'DATA_CORRUPT', details: { file } } });
  });

  it('a checkpoint that is damaged', async () => {
    const { data } = await makeData(false);
    const file = join(data, 'checkpoints/data.mdb');
    const bytes = readFileSync(file);
    const at = bytes.indexOf('account-');
    expect(at).toBeGreaterThan(0);
    for (let place = at; place !== -1; place = bytes.indexOf('account-', place + 1)) bytes.write('b', place);
    writeFileSync(file, bytes);
    const { code, stderr } = await psmr(['inspect', data]);
    expect(code).toBe(4);
    expect(stderr).toContain(`DATA_CORRUPT: ${file}`);
  });

  it('something foreign', async () => {
    const { data } = await makeData(false);
    const file = join(data, 'group-1/notes.txt');
    writeFileSync(file, 'mine');
    const { code, stderr } = await psmr(['inspect', data]);
    expect(code).toBe(4);
    expect(stderr).toContain(`DATA_FOREIGN: ${file}`);
  });

  it('a directory that is no data directory, or is not there', async () => {
    const directory = temporaryDirectory();
    mkdirSync(join(directory, 'photos'));
    const foreign = await psmr(['inspect', directory]);
    expect(foreign.code).toBe(4);
    expect(foreign.stderr).toContain('DATA_FOREIGN');
    expect(readdirSync(directory)).toEqual(['photos']);
    const missing = await psmr(['inspect', join(directory, 'none')]);
    expect(missing.code).toBe(2);
    expect(missing.stderr).toContain('There is no data directory');
  });
});
