import { cpSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Engine, type EngineOptions } from 'psmr';
import { rejectionOf } from './codes.js';
import { serviceUrl } from './compiled.js';
import type ledger from './services/ledger.js';
import { startEngine, temporaryDirectory } from './temporary.js';

const service = serviceUrl('ledger');
const STREAMS = 2;

/** Every file of a directory, the lock's apart, with a hash of its content. */
function contentOf(directory: string): Map<string, string> {
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((name) => !name.startsWith('lock') && statSync(join(directory, name)).isFile())
    // A reader's slots: LMDB writes them where it only reads.
    .filter((name) => !name.endsWith('lock.mdb') && !name.endsWith('-lock'))
    .sort();
  return new Map(
    files.map((name) => [
      name,
      createHash('sha256')
        .update(readFileSync(join(directory, name)))
        .digest('hex'),
    ]),
  );
}

/** A directory that an engine has worked in: a checkpoint, and commands in the logs after it. */
async function usedDirectory(): Promise<string> {
  const dataDir = join(temporaryDirectory(), 'data');
  const engine = await startEngine({ service, streams: STREAMS, dataDir });
  const client = engine.client<typeof ledger>();
  const work = async (round: string): Promise<void> => {
    for (let at = 0; at < 30; at++) {
      await client.execute('add', { key: `counter/${at}`, by: 1, id: `${round} ${at} ${'.'.repeat(500)}` });
      await client.execute('transfer', { from: `a/${at}`, to: `b/${at}`, amount: 1, id: `${round} ${at}` });
    }
  };
  await work('before');
  await engine.checkpoint();
  await work('after');
  await engine.stop();
  return dataDir;
}

/** The start must fail with this code, name the file, and leave every byte as it was. */
async function expectRefused(code: string, file: string, options: EngineOptions & { dataDir: string }): Promise<void> {
  const before = contentOf(options.dataDir);
  const error = await rejectionOf(Engine.start(options));
  expect(error.code).toBe(code);
  expect(error.message).toContain(file);
  expect(contentOf(options.dataDir)).toEqual(before);
}

function flipByte(file: string, at: number): void {
  const bytes = readFileSync(file);
  bytes[at] = (bytes[at] ?? 0) ^ 0xff;
  writeFileSync(file, bytes);
}

function segmentOf(dataDir: string, group: number): string {
  const directory = join(dataDir, `group-${group}`);
  const [first] = readdirSync(directory).sort();
  return join(directory, first ?? '');
}

describe('an engine on a data directory', () => {
  it('with a flipped byte in a log does not start, and names the file', async () => {
    const dataDir = await usedDirectory();
    for (const group of [0, 1]) {
      const copy = join(temporaryDirectory(), 'copy');
      cpSync(dataDir, copy, { recursive: true });
      const segment = segmentOf(copy, group);
      flipByte(segment, 4096 + 2000);
      await expectRefused('DATA_CORRUPT', segment, { service, streams: STREAMS, dataDir: copy });
    }
  });

  it('with a foreign file among the logs does not start, and names the file', async () => {
    const dataDir = await usedDirectory();
    const file = join(dataDir, 'group-1', 'notes.txt');
    writeFileSync(file, 'mine');
    await expectRefused('DATA_FOREIGN', file, { service, streams: STREAMS, dataDir });
  });

  it('that holds something else leaves it alone', async () => {
    const dataDir = temporaryDirectory();
    writeFileSync(join(dataDir, 'thesis.tex'), 'mine');
    await expectRefused('DATA_FOREIGN', 'thesis.tex', { service, streams: STREAMS, dataDir });
    expect(readdirSync(dataDir)).toEqual(['thesis.tex']);
  });

  it('of another service, or of another number of streams, does not start', async () => {
    const dataDir = await usedDirectory();
    await expectRefused('DATA_MISMATCH', dataDir, { service: serviceUrl('values'), streams: STREAMS, dataDir });
    await expectRefused('DATA_MISMATCH', dataDir, { service, streams: STREAMS + 1, dataDir });
    const partitioning = { classes: { 'a/': { place: 'pin' as const, stream: 1 } } };
    await expectRefused('DATA_MISMATCH', dataDir, { service, streams: STREAMS, dataDir, partitioning });
  });

  it('that another engine has open does not start, and that one works on', async () => {
    const dataDir = temporaryDirectory();
    const first = await startEngine({ service, streams: STREAMS, dataDir });
    const error = await rejectionOf(Engine.start({ service, streams: STREAMS, dataDir }));
    expect(error.code).toBe('DATA_DIR_LOCKED');
    expect(error.message).toContain(dataDir);
    expect(await first.client<typeof ledger>().execute('add', { key: 'a', by: 1, id: 'x' })).toBe(1);
    await first.stop();
    await startEngine({ service, streams: STREAMS, dataDir });
  });

  it('with a damaged checkpoint does not start, and names the file', async () => {
    const dataDir = await usedDirectory();
    const directory = join(dataDir, 'checkpoints');
    const name = readdirSync(directory).find((each) => each.endsWith('data.mdb') || each.endsWith('.mdb')) ?? '';
    const file = join(directory, name);
    const bytes = readFileSync(file);
    const at = bytes.indexOf('before');
    expect(at, 'where the checkpoint holds a value').toBeGreaterThan(0);
    flipByte(file, at);
    await expectRefused('DATA_CORRUPT', directory, { service, streams: STREAMS, dataDir });
  });

  it('whose log is missing though the checkpoint needs it does not start', async () => {
    const dataDir = await usedDirectory();
    const copy = join(temporaryDirectory(), 'copy');
    cpSync(dataDir, copy, { recursive: true, filter: (source) => !source.endsWith('.segment') });
    for (const attempt of ['first', 'second']) {
      const error = await rejectionOf(Engine.start({ service, streams: STREAMS, dataDir: copy }));
      expect(error.code, `the ${attempt} start`).toBe('DATA_CORRUPT');
      expect(error.message).toContain('log');
    }
  });
});
