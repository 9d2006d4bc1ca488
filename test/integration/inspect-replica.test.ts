/** `psmr inspect` of what real replicas have written: beside them, of stopped ones, and of damaged copies. */
import { cpSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { acquireDataLock } from '../../src/storage/data-lock.js';
import { psmr, type Ended } from '../cli/command-line.js';
import { ledgerOf } from './ledger-load.js';
import { Replicas, type ReplicaView } from './replicas.js';
import { temporaryDirectory } from './temporary.js';

const COMMANDS = 30;

interface Found {
  readonly openedBy: number | null;
  readonly replica: unknown;
  readonly service: string;
  readonly groups: readonly {
    readonly firstIndex: number;
    readonly lastIndex: number;
    readonly commands: number;
    readonly tornBytes: number;
    readonly recordBytes: number;
    readonly entries: Readonly<Record<string, number>>;
    readonly replicated: { readonly lastTerm: number; readonly vote: { term: number; votedFor: number | null } };
  }[];
  readonly checkpoints: { readonly complete: readonly { readonly parts: readonly { readonly keys: number }[] }[] };
}

/** All that is written is on every disk, and nothing is under way. */
async function withCommands(replicas: Replicas): Promise<void> {
  const client = await ledgerOf(replicas);
  for (let at = 0; at < COMMANDS; at++) await client.execute('add', { key: `account/${at}`, by: 1, id: `add-${at}` });
  await client.close();
  await replicas.caughtUp();
}

/** What a replica says of itself. */
async function viewOf(replicas: Replicas, id: number): Promise<ReplicaView> {
  const found: ReplicaView[] = [];
  await replicas.until(`replica ${id} answers`, (views) => {
    for (const view of views) if (view?.replica === id) found.push(view);
    return found.length > 0;
  });
  const [view] = found;
  if (view === undefined) throw new Error('broken invariant: it has answered');
  return view;
}

function termsOf({ groups }: ReplicaView): number[] {
  return groups.map(({ term }) => term);
}

const LOOKS_MAX = 10;

/**
 * A look during which no leader moved, which would write terms and entries meanwhile. A view may be a moment old: where one
 * has just moved it is found on disk first.
 */
async function quietLook(replicas: Replicas, id: number): Promise<{ found: Found; view: ReplicaView }> {
  for (let look = 1; ; look++) {
    const view = await viewOf(replicas, id);
    const { code, stdout, stderr } = await psmr(['inspect', replicas.directoryOf(id), '--json']);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    const found = JSON.parse(stdout) as Found;
    const onDisk = found.groups.map(({ replicated }) => replicated.vote.term);
    const isQuiet = isDeepStrictEqual(termsOf(await viewOf(replicas, id)), termsOf(view));
    if (look < LOOKS_MAX && !(isQuiet && isDeepStrictEqual(onDisk, termsOf(view)))) continue;
    expect(stderr).not.toContain('looking again');
    return { found, view };
  }
}

async function sound(directory: string): Promise<Found> {
  const { code, stdout, stderr } = await psmr(['inspect', directory, '--json']);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect(stderr).not.toContain('looking again');
  return JSON.parse(stdout) as Found;
}

function commandsIn({ groups }: Found): number {
  return groups.reduce((sum, { commands }) => sum + commands, 0);
}

/** Every file, its time of change and its size. */
function picture(directory: string): unknown {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((name) => {
      const { mtimeMs, ctimeMs, size } = statSync(join(directory, name));
      return [name, mtimeMs, ctimeMs, size];
    });
}

describe('psmr inspect, of replicas', () => {
  it('reads their logs, votes and checkpoints, while they run and when they are stopped', async () => {
    const replicas = await Replicas.start({ streams: 2 });
    await withCommands(replicas);
    for (const id of replicas.ids) {
      const { found, view } = await quietLook(replicas, id);
      expect(found.replica).toEqual({ id, cluster: 'test', formedOf: [1, 2, 3], rejoining: false });
      expect(found).toMatchObject({ service: 'ledger', openedBy: expect.any(Number) as number });
      expect(commandsIn(found)).toBeGreaterThanOrEqual(COMMANDS);
      for (const [group, { firstIndex, lastIndex, entries, replicated }] of found.groups.entries()) {
        expect(firstIndex).toBe(1);
        expect(lastIndex).toBeGreaterThanOrEqual(view.groups[group]?.commitIndex ?? Infinity);
        expect(entries['noops']).toBeGreaterThan(0);
        expect(replicated.vote.term).toBe(view.groups[group]?.term);
        expect(replicated.lastTerm).toBeLessThanOrEqual(replicated.vote.term);
      }
    }

    await replicas.psmr('checkpoint');
    await replicas.until('all have the checkpoint', (views) => views.every((view) => view?.checkpoint !== null));
    expect((await replicas.psmr('member', 'remove', '3')).code).toBe(0);
    await Promise.all(replicas.ids.map((id) => replicas.kill(id, id === 1 ? 'SIGTERM' : 'SIGKILL')));
    for (const id of [1, 2]) {
      const before = picture(replicas.directoryOf(id));
      const found = await sound(replicas.directoryOf(id));
      expect(picture(replicas.directoryOf(id))).toEqual(before);
      expect(found.openedBy).toBeNull();
      expect(commandsIn(found)).toBeGreaterThanOrEqual(COMMANDS);
      for (const { entries } of found.groups) expect(entries['memberships']).toBeGreaterThan(0);
      const [checkpoint] = found.checkpoints.complete;
      expect(checkpoint?.parts.reduce((sum, { keys }) => sum + keys, 0)).toBe(COMMANDS);
    }
  });

  it('says for people whose it is, which terms and votes it holds, and that all is well', async () => {
    const replicas = await Replicas.start({ streams: 1, replicas: 1 });
    await withCommands(replicas);
    await replicas.kill(1, 'SIGTERM');
    const { code, stdout } = await psmr(['inspect', replicas.directoryOf(1)]);
    expect(code).toBe(0);
    expect(stdout).toContain('replica    1 of cluster "test"\n');
    expect(stdout).toContain('formed     of replicas 1\n');
    expect(stdout).toContain('service    ledger\n');
    expect(stdout).toMatch(/^ {2}group .* last term +vote *$/m);
    expect(stdout).toMatch(/^ {2}0 \(sync\) +1\.\.\d+ .* 1 +term 1: 1 *$/m);
    expect(stdout).toContain('every checksum is right');
  });
});

/** One byte differs. */
function flip(file: string, at: number): string {
  const bytes = readFileSync(file);
  bytes.writeUInt8((bytes[at] ?? 0) ^ 1, at);
  writeFileSync(file, bytes);
  return file;
}

function remove(path: string): string {
  rmSync(path, { recursive: true });
  return path;
}

function segmentOf(copy: string, group: number): string {
  const directory = join(copy, `group-${group}`);
  return join(directory, readdirSync(directory).find((name) => name.endsWith('.segment')) ?? '');
}

/** What is done to a copy; returns the file to be named. */
const DAMAGES: Readonly<Record<string, { readonly code: string; readonly act: (copy: string) => string }>> = {
  'a record of a log': { code: 'DATA_CORRUPT', act: (copy) => flip(segmentOf(copy, 1), 512 + 40) },
  'a vote': { code: 'DATA_CORRUPT', act: (copy) => flip(join(copy, 'votes/group-1'), 20) },
  'a vote that is gone': { code: 'DATA_CORRUPT', act: (copy) => remove(join(copy, 'votes/group-0')) },
  'a log that is gone': { code: 'DATA_CORRUPT', act: (copy) => remove(join(copy, 'group-2')) },
  'a replica.json that is gone': { code: 'DATA_CORRUPT', act: (copy) => remove(join(copy, 'replica.json')) },
  "another replica's votes": {
    code: 'DATA_MISMATCH',
    act: (copy) => {
      const file = join(copy, 'replica.json');
      writeFileSync(file, readFileSync(file, 'utf8').replace('"replica": 1,', '"replica": 2,'));
      return join(copy, 'votes/group-0');
    },
  },
};

function errorOf({ stderr }: Ended): unknown {
  return (JSON.parse(stderr.trimEnd().split('\n').at(-1) ?? '') as { error: unknown }).error;
}

describe('psmr inspect, of copies of a replica', () => {
  it('names what is damaged, and how a replica gets its data again', async () => {
    const replicas = await Replicas.start({ streams: 2, replicas: 1 });
    await withCommands(replicas);
    await replicas.kill(1, 'SIGTERM');
    expect(commandsIn(await sound(replicas.directoryOf(1)))).toBe(COMMANDS);
    for (const [what, { code, act }] of Object.entries(DAMAGES)) {
      const copy = join(temporaryDirectory(), 'copy');
      cpSync(replicas.directoryOf(1), copy, { recursive: true });
      const file = act(copy);
      const ended = await psmr(['inspect', copy, '--json']);
      expect({ what, code: ended.code, stdout: ended.stdout }).toEqual({ what, code: 4, stdout: '' });
      expect(errorOf(ended)).toMatchObject({ code, details: { file } });
      expect(ended.stderr.includes('--rebuild')).toBe(code === 'DATA_CORRUPT');
      expect(ended.stderr).not.toContain('from a copy');
    }
  });

  it('looks again at damage in one that a process has open, and does not claim to know why', async () => {
    const replicas = await Replicas.start({ streams: 1, replicas: 1 });
    await withCommands(replicas);
    await replicas.kill(1, 'SIGTERM');
    const directory = replicas.directoryOf(1);
    const { release } = acquireDataLock(directory);
    expect((await sound(directory)).openedBy).toBe(process.pid);
    const file = flip(segmentOf(directory, 1), 512 + 40);
    const ended = await psmr(['inspect', directory]);
    release();
    expect(ended.code).toBe(4);
    expect(ended.stderr).toContain(`process ${process.pid} has it open, and may have written`);
    expect(ended.stderr).toContain(`DATA_CORRUPT: ${file} is damaged`);
    expect(ended.stderr).toContain('psmr replica --config FILE --id 1 --rebuild');
  });
});
