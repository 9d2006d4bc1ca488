import { beforeEach, describe, expect, it } from 'vitest';
import { SEGMENT_EVERY_KEY, FLAG_READ_ONLY } from '../../src/transport/frames.js';
import { decodeWelcome, encodeHello, type Hello } from '../../src/transport/handshake.js';
import { SessionGate } from '../../src/transport/session-gate.js';
import { commands, EPOCH, FakeConnection, FakeGroup, FakeTimer, HELLO, segment, SESSION, WELCOME } from './samples.js';

const SESSION_KEY = Buffer.from(SESSION).toString('hex');

describe('the session gate', () => {
  let group: FakeGroup;
  let timer: FakeTimer;
  let gate: SessionGate;
  let lastId = 0;

  beforeEach(() => {
    group = new FakeGroup();
    timer = new FakeTimer();
    gate = new SessionGate(group, timer.after);
  });

  function connect(hello: Partial<Hello> | null = {}): FakeConnection {
    const connection = new FakeConnection(++lastId);
    gate.open(connection);
    if (hello !== null) gate.message(connection, encodeHello({ ...HELLO, ...hello }));
    return connection;
  }

  it('welcomes a client and hands its frames on', () => {
    const connection = connect();
    expect(connection.sent.map(decodeWelcome)).toEqual([WELCOME]);
    gate.message(connection, commands({ firstSequence: 5, acknowledged: 4 }));
    expect(group.received).toMatchObject([{ link: { sessionKey: SESSION_KEY }, frame: { firstSequence: 5 } }]);
    group.received[0]?.link.send(Uint8Array.of(9));
    expect(connection.sent.at(-1)).toEqual(Uint8Array.of(9));
  });

  it.each<[why: string, hello: Partial<Hello>, code: string]>([
    ['another token', { token: 'guess' }, 'UNAUTHORIZED'],
    ['no token', { token: null }, 'UNAUTHORIZED'],
    ['an empty token', { token: '' }, 'UNAUTHORIZED'],
    ['another service', { service: 'shop' }, 'WRONG_SERVICE'],
    ['another service and no token', { service: 'shop', token: null }, 'UNAUTHORIZED'],
    ['another protocol version', { protocol: 99 }, 'PROTOCOL_VERSION'],
    ['a session of zeros', { session: new Uint8Array(16) }, 'BAD_FRAME'],
    ['a short session', { session: new Uint8Array(15) }, 'BAD_FRAME'],
  ])('turns away a client with %s', (_why, hello, code) => {
    const connection = connect(hello);
    expect(connection.goodbyes).toEqual([code]);
    expect(connection.sent).toHaveLength(1);
    expect(connection.closed).toBe(true);
  });

  it('asks for no token where none is set', () => {
    gate = new SessionGate(new FakeGroup(null), timer.after);
    expect(connect({ token: null }).closed).toBe(false);
    expect(connect({ token: 'any', session: null }).closed).toBe(false);
  });

  it('does not take no token for an empty one', () => {
    gate = new SessionGate(new FakeGroup(''), timer.after);
    expect(connect({ token: null }).goodbyes).toEqual(['UNAUTHORIZED']);
    expect(connect({ token: '' }).goodbyes).toEqual([]);
  });

  it('tells the topology to a client without a session, and takes no commands from it', () => {
    const connection = connect({ session: null, service: null });
    expect(connection.sent.map(decodeWelcome)).toEqual([WELCOME]);
    gate.message(connection, commands());
    expect(connection.goodbyes).toEqual(['BAD_FRAME']);
    expect(group.received).toEqual([]);
  });

  it('takes nothing before a HELLO and no second HELLO', () => {
    const early = connect(null);
    gate.message(early, commands());
    const twice = connect();
    gate.message(twice, encodeHello(HELLO));
    expect([early.goodbyes, twice.goodbyes]).toEqual([['BAD_FRAME'], ['BAD_FRAME']]);
    expect(group.received).toEqual([]);
  });

  it('closes a connection that says no HELLO in time, and only that', () => {
    connect();
    expect(timer.due).toHaveLength(0);
    const silent = connect(null);
    timer.due[0]?.();
    expect(silent.goodbyes).toEqual(['BAD_FRAME']);
  });

  it.each<[why: string, frame: Uint8Array]>([
    ['the session of another', commands({ session: new Uint8Array(16).fill(9) })],
    ['sequences from zero', commands({ firstSequence: 0 })],
    [
      'sequences beyond all numbers',
      commands({ firstSequence: Number.MAX_SAFE_INTEGER, segments: [segment({ count: 2 })] }),
    ],
    ['an acknowledgement of itself', commands({ firstSequence: 3, acknowledged: 3 })],
    ['a segment for another stream', commands({ segments: [segment({ low: 1 })] })],
    ['a segment for two streams', commands({ segments: [segment({ low: 3 })] })],
    ['a segment for a stream that is not there', commands({ segments: [segment({ high: 1 })] })],
    ['an every-key segment for one stream', commands({ segments: [segment({ flags: SEGMENT_EVERY_KEY })] })],
    ['a writing segment in a read-only frame', commands({ flags: FLAG_READ_ONLY })],
    ['one byte too few', commands().subarray(0, -1)],
  ])('ends a connection that sends %s, with the reason', (_why, frame) => {
    const other = connect({ session: new Uint8Array(16).fill(1) });
    const connection = connect();
    gate.message(connection, frame);
    expect(connection.goodbyes).toEqual(['BAD_FRAME']);
    expect(connection.closed).toBe(true);
    expect(group.received).toEqual([]);
    expect(group.gone).toEqual([SESSION_KEY]);
    expect(other.closed).toBe(false);
  });

  it('hears nothing more from a connection that it has ended', () => {
    const connection = connect();
    gate.message(connection, Uint8Array.of(3));
    gate.message(connection, commands());
    gate.close(connection);
    expect(group.received).toEqual([]);
    expect(group.gone).toEqual([SESSION_KEY]);
  });

  it("lets frames of another partition map's epoch through: the group rejects those", () => {
    gate.message(connect(), commands({ epoch: EPOCH + 1, segments: [segment({ low: 1 << 20 })] }));
    expect(group.received).toHaveLength(1);
  });

  it('says once when a session is gone', () => {
    const connection = connect();
    gate.close(connection);
    gate.close(connection);
    expect(group.gone).toEqual([SESSION_KEY]);
  });

  it('gives a session to the newest of its connections', () => {
    const old = connect();
    const fresh = connect();
    expect(old.closed).toBe(true);
    expect(group.gone).toEqual([SESSION_KEY]);
    gate.close(old);
    expect(group.gone, 'the new connection keeps the session').toEqual([SESSION_KEY]);
    gate.message(fresh, commands());
    expect(group.received).toHaveLength(1);
  });

  it('does not take an error of the group for a fault of the client', () => {
    group.onFrame = () => {
      throw new Error('a fault of this side');
    };
    const connection = connect();
    expect(() => gate.message(connection, commands())).toThrow('a fault of this side');
    expect(connection.closed).toBe(false);
  });
});
