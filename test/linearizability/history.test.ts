import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { checkHistory, HistoryFile, readHistory } from './history-file.js';
import { HistoryError, type HistoryEvent, operationsOf } from './history.js';
import { registers } from './models/registers.js';
import { Recorder } from './recorder.js';

function temporaryFile(text = ''): string {
  const folder = mkdtempSync(join(tmpdir(), 'psmr-history-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'history.jsonl'), text);
  return join(folder, 'history.jsonl');
}

function errorOf(read: () => unknown): HistoryError {
  try {
    read();
  } catch (error) {
    if (error instanceof HistoryError) return error;
    throw error;
  }
  throw new Error('it was read');
}

const invoke = '{"process":0,"type":"invoke","command":"read","value":{"key":"x"},"time":1}\n';

describe('a recorder', () => {
  it('writes what the file format says, and its reader gives the operations back', () => {
    const path = temporaryFile();
    const file = new HistoryFile(path);
    let time = 100n;
    const recorder = new Recorder({ write: file.write, now: () => time, firstProcess: 7 });
    const written = recorder.invoke('write', { key: 'x', value: 1 });
    const read = recorder.invoke('read', { key: 'x' });
    time = 200n;
    written.ok(undefined);
    read.info('no answer');
    recorder.invoke('cas', { key: 'x', from: 1, to: 2 }).fail('refused');
    recorder.invoke('read', { key: 'x' });
    file.close();
    const known = { process: 7, invoked: 100, returned: 200, outcome: 'ok', output: null, line: 1 };
    const unknown = { returned: Infinity, output: undefined };
    expect(readHistory(path)).toEqual([
      { ...known, command: 'write', input: { key: 'x', value: 1 } },
      { ...unknown, process: 8, command: 'read', input: { key: 'x' }, invoked: 101, outcome: 'info', line: 2 },
      // Process 7 is idle again, 8 is not to be used again.
      {
        ...unknown,
        process: 7,
        command: 'cas',
        input: { key: 'x', from: 1, to: 2 },
        invoked: 202,
        outcome: 'fail',
        line: 5,
      },
      { ...unknown, process: 7, command: 'read', input: { key: 'x' }, invoked: 204, outcome: 'info', line: 7 },
    ]);
    expect(checkHistory(registers, [path]).verdict).toBe('ok');
  });

  it('uses the clock that all processes of this machine share', () => {
    const events: HistoryEvent[] = [];
    const before = process.hrtime.bigint();
    new Recorder({ write: (event) => events.push(event) }).invoke('read', {}).ok(1);
    const times = events.map((event) => BigInt(event.time));
    const [invoked = 0n, returned = 0n] = times;
    expect(invoked).toBeGreaterThanOrEqual(before);
    expect(returned).toBeGreaterThan(invoked);
    expect(process.hrtime.bigint()).toBeGreaterThanOrEqual(returned);
  });
});

describe('the reader', () => {
  it('leaves out a last line that was cut off', () => {
    const path = temporaryFile(invoke);
    appendFileSync(path, '{"process":0,"type":"ok","comm');
    expect(readHistory(path).map((operation) => operation.outcome)).toEqual(['info']);
  });

  it('puts the files of several processes together', () => {
    const paths = [temporaryFile(invoke.replace('0', '1').replace('"time":1', '"time":2')), temporaryFile(invoke)];
    expect(readHistory(...paths).map((operation) => operation.process)).toEqual([0, 1]);
  });

  it.each([
    ['no JSON', `${invoke}{"process"\n`, /^Line 2 of .*: '\{"process"' is no JSON\.$/],
    ['no event', `${invoke}{"process":0,"type":"done","command":"read","time":1}\n`, /^Line 2 of .*: 'type': /],
    ['no invocation', invoke.replace('invoke', 'ok'), /^Line 1 .*process 0 has no read under way/],
    ['two at a time', invoke + invoke, /^Line 2 .*process 0 has line 1 under way/],
    ['used after info', invoke + invoke.replace('invoke', 'info') + invoke, /^Line 3 .*process 0 ended with an info/],
  ])('names the line of what cannot be: %s', (reason, text, sentence) => {
    const error = errorOf(() => readHistory(temporaryFile(text)));
    expect(error.reason).toBe(reason);
    expect(error.message).toMatch(sentence);
  });

  it('accepts events in memory', () => {
    expect(operationsOf([])).toEqual([]);
  });
});
