import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadConfig, parseConfig } from '../../src/config/config.js';
import { DEFAULT_LIMITS, limitsWithDefaults } from '../../src/config/limits.js';
import { codeAndMessage } from '../service/thrown.js';

const directory = mkdtempSync(join(tmpdir(), 'psmr-config-'));
afterAll(() => rmSync(directory, { recursive: true }));

function fileOf(text: string): string {
  const file = join(directory, 'psmr.config.json');
  writeFileSync(file, text);
  return file;
}

const EVERYTHING = {
  $schema: './node_modules/psmr/psmr.config.schema.json',
  service: './bank.js',
  streams: [{ name: 'a', host: '10.0.0.1', port: 7500 }, {}],
  partitioning: {
    classes: { 'rate:': { place: 'everywhere' }, 'hot:': { place: 'pin', stream: 'a' }, 'user:': { place: 'hash' } },
    slots: { '0-511': 1, '512-1022': 'a', '1023': 2 },
  },
  dataDir: './data',
  durability: 'async',
  host: '0.0.0.0',
  port: 7400,
  http: { host: '127.0.0.1', port: 0 },
  tls: { certFile: 'cert.pem', keyFile: 'key.pem' },
  token: 'secret',
  checkpoint: { everyBytes: null },
  spinUs: 0,
  limits: { ...DEFAULT_LIMITS, ringBytes: 4096 },
};

const WRONG: readonly (readonly [config: unknown, path: string, complaint: string])[] = [
  [5, '', 'is wrong: found 5; it accepts an object.'],
  [{ stream: 4 }, '', "there is no field 'stream' (did you mean 'streams'?); it accepts $schema, service, streams, "],
  [{ dataDirectory: 'x' }, '', "there is no field 'dataDirectory' (did you mean 'dataDir'?)"],
  [{ replicas: 3 }, '', "there is no field 'replicas'; it accepts"],
  [{ streams: 0 }, 'streams', 'found 0; it accepts a whole number from 1 to 64, or a list of 1 to 64 objects'],
  [{ streams: 65 }, 'streams', 'found 65; it accepts a whole number from 1 to 64'],
  [{ streams: 1.5 }, 'streams', 'found 1.5; it accepts a whole number from 1 to 64'],
  [{ streams: '4' }, 'streams', 'found "4"; it accepts a whole number'],
  [{ streams: [] }, 'streams', 'found []; it accepts'],
  [{ streams: [{}, { nam: 'b' }] }, 'streams[1]', "no field 'nam' (did you mean 'name'?); it accepts name, host, port"],
  [{ streams: [{ port: 70_000 }] }, 'streams[0].port', 'found 70000; it accepts a whole number from 0 to 65535'],
  [{ recording: 'no' }, 'recording', 'found "no"; it accepts true or false'],
  [{ port: -1 }, 'port', 'found -1; it accepts a whole number from 0 to 65535'],
  [{ durability: 'none' }, 'durability', 'found "none"; it accepts "sync", or "async"'],
  [{ service: '' }, 'service', 'found ""; it accepts a string of at least 1 characters'],
  [{ service: null }, 'service', 'found null; it accepts a string'],
  [{ http: { prot: 1 } }, 'http', "there is no field 'prot' (did you mean 'port'?); it accepts host, port"],
  [{ tls: { certFile: 'a' } }, 'tls.keyFile', 'found nothing; it accepts a string'],
  [{ token: 123_456 }, 'token', 'found a value that is not shown here; it accepts a string'],
  [{ checkpoint: { everyBytes: 5 } }, 'checkpoint.everyBytes', 'found 5; it accepts a whole number of at least 1024'],
  [{ limits: { frameBytesMax: '4 MiB' } }, 'limits.frameBytesMax', 'found "4 MiB"; it accepts a whole number'],
  [{ limits: { ringBytes: 5000 } }, 'limits.ringBytes', 'found 5000; it accepts a power of two'],
  [{ limits: { frameBytes: 1 } }, 'limits', "there is no field 'frameBytes' (did you mean 'frameBytesMax'?)"],
  [
    { partitioning: { classes: { 'hot:': { place: 'pin' } } } },
    'partitioning.classes["hot:"].stream',
    'found nothing; it accepts a whole number from 1 to 64, or a string',
  ],
  [
    { partitioning: { classes: { hot: { place: 'pinned' } } } },
    'partitioning.classes.hot.place',
    'found "pinned"; it accepts "hash", or "pin", or "everywhere"',
  ],
  [{ partitioning: { classes: { hot: {} } } }, 'partitioning.classes.hot.place', 'found nothing; it accepts "hash"'],
  [{ partitioning: { classes: { '': { place: 'hash' } } } }, 'partitioning.classes[""]', 'its name is wrong'],
  [{ partitioning: { slots: { first: 1 } } }, 'partitioning.slots.first', "it accepts a slot such as '7', or a range"],
  [{ partitioning: { slots: { '5': 0 } } }, 'partitioning.slots["5"]', 'found 0; it accepts a whole number'],
  [{ dataDir: ['x'.repeat(99)] }, 'dataDir', `found ["${'x'.repeat(58)}...; it accepts`],
];

describe('parseConfig', () => {
  it('takes a configuration that says everything, and one that says nothing', () => {
    expect(parseConfig(EVERYTHING)).toEqual(EVERYTHING);
    expect(parseConfig({})).toEqual({});
  });

  it.each(WRONG)('refuses %j, naming path, what was found and what is accepted', (config, path, complaint) => {
    const [code, message] = codeAndMessage(() => parseConfig(config, 'a.json'));
    expect(code).toBe('INVALID_CONFIG');
    expect(message).toContain(path === '' ? 'The configuration a.json is wrong: ' : `a.json is wrong at '${path}': `);
    expect(message).toContain(complaint);
  });

  it.each([
    [{ stream: 4 }, 'stream'],
    [{ limits: { frameBytes: 1 } }, 'limits.frameBytes'],
    [{ streams: [{}, { nam: 'b' }] }, 'streams[1].nam'],
    [{ http: { 'my port': 1 } }, 'http["my port"]'],
    [{ limits: { frameBytesMax: 'x' } }, 'limits.frameBytesMax'],
    [5, ''],
  ])('tells programs which field of %j is wrong, also where there is no such field', (config, path) => {
    expect(() => parseConfig(config)).toThrow(expect.objectContaining({ details: { path, file: null } }) as Error);
  });

  it('never shows a token', () => {
    expect(codeAndMessage(() => parseConfig({ token: 123_456 }))[1]).not.toContain('123');
  });
});

describe('loadConfig', () => {
  it('reads a file, with a byte order mark too', () => {
    expect(loadConfig(fileOf(JSON.stringify(EVERYTHING)))).toEqual(EVERYTHING);
    expect(loadConfig(fileOf('\ufeff{ "streams": 2 }'))).toEqual({ streams: 2 });
  });

  it.each([
    ['{\n  "streams": 4,\n}', 'is not JSON at line 3, column 1: "}" cannot stand there. JSON has double quotes'],
    ['', 'is not JSON at line 1, column 1: it ends too early'],
    ['{ "stream": 4 }', "is wrong: there is no field 'stream' (did you mean 'streams'?)"],
    [
      '{ "limits": { "frameBytesMax": 1024 } }',
      "at 'limits.frameBytesMax': found 1024, less than limits.commandBytesMax",
    ],
    [
      '{ "streams": 2, "partitioning": { "classes": { "hot:": { "place": "pin", "stream": "c" } } } }',
      `at 'partitioning.classes["hot:"].stream': found "c"; it accepts a stream's number, 1 to 2, or name: 1, 2.`,
    ],
  ])('refuses the file %j and names it', (text, complaint) => {
    const file = fileOf(text);
    const [code, message] = codeAndMessage(() => loadConfig(file));
    expect([code, message.startsWith(`The configuration ${file} is `)]).toEqual(['INVALID_CONFIG', true]);
    expect(message).toContain(complaint);
  });

  it('says that a file cannot be read', () => {
    const [code, message] = codeAndMessage(() => loadConfig(join(directory, 'gone.json')));
    expect([code, message]).toEqual(['INVALID_CONFIG', expect.stringContaining('gone.json cannot be read: ENOENT')]);
  });
});

describe('limits', () => {
  it('are the defaults where nothing is said', () => {
    expect(limitsWithDefaults()).toEqual(DEFAULT_LIMITS);
    expect(limitsWithDefaults({ sessionsMax: 5, ringBytes: undefined })).toEqual({ ...DEFAULT_LIMITS, sessionsMax: 5 });
  });

  it.each([
    [{ commandBytesMax: 5 << 20 }, 'limits.frameBytesMax', 'less than limits.commandBytesMax (5242880)'],
    [{ frameBytesMax: 65 << 20, unreadBytesMax: 65 << 20 }, 'limits.queueBytesMax', 'less than limits.frameBytesMax'],
    [{ frameBytesMax: 17 << 20 }, 'limits.unreadBytesMax', 'less than limits.frameBytesMax'],
  ])('refuse %j, where nothing would get through', (limits, path, complaint) => {
    const [code, message] = codeAndMessage(() => limitsWithDefaults(limits));
    expect(code).toBe('INVALID_CONFIG');
    expect(message).toContain(`at '${path}'`);
    expect(message).toContain(complaint);
  });
});
