import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect, Engine, type Client, type ErrorCode } from 'psmr';
import { rejectionOf } from './codes.js';
import { serviceUrl } from './compiled.js';
import faulty from './services/faulty.js';

type Faulty = Client<typeof faulty>;
type FaultyCommand = Exclude<Parameters<Faulty['execute']>[0], 'put' | `${string}Arguments${string}`>;

/** What each command gets, and a word that its sentence must have. */
const FAULTS: readonly (readonly [FaultyCommand, ErrorCode, RegExp])[] = [
  ['throws', 'COMMAND_FAILED', /no, thank you/],
  ['throwsNothing', 'COMMAND_FAILED', /undefined/],
  ['throwsWhatHasNoText', 'COMMAND_FAILED', /cannot be shown/],
  ['throwsWhatCannotBeLookedAt', 'COMMAND_FAILED', /cannot be shown/],
  ['throwsAnErrorWithoutText', 'COMMAND_FAILED', /object Object/],
  ['overflowsTheStack', 'COMMAND_FAILED', /call stack/],
  ['returnsAPromise', 'NOT_DETERMINISTIC', /'returnsAPromise'.*promise/],
  ['rejectsLater', 'NOT_DETERMINISTIC', /'rejectsLater'.*promise/],
  ['storesARejection', 'VALUE_NOT_ENCODABLE', /a Promise object at 'inside'/],
  ['usesTheClock', 'NOT_DETERMINISTIC', /'usesTheClock'.*Date\.now\(\).*ctx\.now/],
  ['makesADate', 'NOT_DETERMINISTIC', /'makesADate'.*new Date\(\).*ctx\.now/],
  ['usesRandomness', 'NOT_DETERMINISTIC', /'usesRandomness'.*Math\.random\(\).*ctx\.random/],
  ['startsATimer', 'NOT_DETERMINISTIC', /'startsATimer'.*setTimeout/],
  ['exits', 'NOT_DETERMINISTIC', /'exits'.*process\.exit/],
  ['readsAnUndeclaredKey', 'UNDECLARED_KEY', /'readsAnUndeclaredKey'.*'another'/],
  ['writesAnUndeclaredKey', 'UNDECLARED_KEY', /'writesAnUndeclaredKey'.*'another'/],
  ['returnsAFunction', 'VALUE_NOT_ENCODABLE', /a function/],
  ['returnsACycle', 'VALUE_NOT_ENCODABLE', /a cycle/],
  ['storesAFunction', 'VALUE_NOT_ENCODABLE', /a function at 'inside'/],
  ['storesACycle', 'VALUE_NOT_ENCODABLE', /a cycle/],
  ['changesAValueInPlace', 'COMMAND_FAILED', /not extensible/],
  ['writesThoughReadOnly', 'READ_ONLY', /'writesThoughReadOnly'/],
  ['hasKeysThatThrow', 'INVALID_ARGUMENTS', /no keys for/],
];

let engine: Engine;
let embedded: Faulty;
let remote: Faulty;
beforeAll(async () => {
  engine = await Engine.start({ service: serviceUrl('faulty'), streams: 2 });
  embedded = engine.client<typeof faulty>();
  const { url } = await engine.listen({ port: 0, http: null });
  remote = await connect<typeof faulty>({ replicas: [url], service: faulty });
});
afterAll(async () => {
  await remote.close();
  await engine.stop();
});

describe.each([
  ['in the process', (): Faulty => embedded],
  ['over the network', (): Faulty => remote],
])('a handler that breaks a rule, %s', (_, clientOf) => {
  it.each(FAULTS)('%s: is answered with %s, and nothing is written', async (command, code, sentence) => {
    const client = clientOf();
    await client.execute('put', { key: 'k', value: [0] });
    const error = await rejectionOf(client.execute(command, { key: 'k' }));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(sentence);
    expect(await client.execute('get', { key: 'k' })).toEqual([0]);
  });

  it.each(['partial', 'partial, without text', 'partial, rejected later', 'merge'])(
    'throws in the %s of a command over all keys: no partition is written',
    async (where) => {
      const client = clientOf();
      const keys = Array.from({ length: 10 }, (__, at) => `all/${at}`);
      await client.executeBatch(keys.map((key) => ['put', { key, value: 1 }] as const));
      const error = await rejectionOf(client.execute('everywhereThrows', { key: where }));
      expect(error.code).toBe(where.includes('rejected') ? 'NOT_DETERMINISTIC' : 'COMMAND_FAILED');
      const values = await client.executeBatch(keys.map((key) => ['get', { key }] as const));
      expect(values.map((outcome) => outcome.ok && outcome.value)).toEqual(keys.map(() => 1));
    },
  );

  it('sorts the list of its keys, which is in its arguments: each value is found under its own key', async () => {
    const list = Array.from({ length: 12 }, (__, at) => `sorted/${11 - at}`);
    await clientOf().execute('sortsItsArguments', { list });
    const values = await clientOf().executeBatch(list.map((key) => ['get', { key }] as const));
    expect(values.map((outcome) => outcome.ok && outcome.value)).toEqual(list.map((key) => `written to ${key}`));
  });

  it('puts another key among its arguments: that key is not declared by it', async () => {
    const error = await rejectionOf(clientOf().execute('declaresByChangingItsArguments', { list: ['k'] }));
    expect(error.code).toBe('UNDECLARED_KEY');
  });

  it('changes its arguments in a partial: merge is the same in each stream', async () => {
    const client = clientOf();
    const keys = Array.from({ length: 10 }, (__, at) => `found/${at}`);
    await client.executeBatch(keys.map((key) => ['put', { key, value: 1 }] as const));
    const error = await rejectionOf(client.execute('changesArgumentsInItsPartial', { found: [] }));
    expect(error.message).toMatch(/no sum/);
    const values = await client.executeBatch(keys.map((key) => ['get', { key }] as const));
    expect(values.map((outcome) => outcome.ok && outcome.value)).toEqual(keys.map(() => 1));
  });

  it('harms no other command of its batch', async () => {
    const outcomes = await clientOf().executeBatch([
      ['put', { key: 'x', value: 'good' }],
      ['throws', { key: 'x' }],
      ['overflowsTheStack', { key: 'x' }],
      ['get', { key: 'x' }],
    ]);
    expect(outcomes.map((outcome) => (outcome.ok ? outcome.value : outcome.error.code))).toEqual([
      undefined,
      'COMMAND_FAILED',
      'COMMAND_FAILED',
      'good',
    ]);
  });

  it('whose arguments cannot be encoded is refused before it is sent, and harms no other', async () => {
    const outcomes = await clientOf().executeBatch([
      ['put', { key: 'y', value: 'good' }],
      ['put', { key: 'y', value: () => 1 }],
      ['get', { key: 'y' }],
    ]);
    expect(outcomes.map((outcome) => (outcome.ok ? outcome.value : outcome.error.code))).toEqual([
      undefined,
      'INVALID_ARGUMENTS',
      'good',
    ]);
  });
});
