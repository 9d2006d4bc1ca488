import { describe, expect, it } from 'vitest';
import { encodeValue } from '../../src/execution/command-batch.js';
import { FrameKind } from '../../src/transport/frames.js';
import {
  decodeGoodbye,
  decodeHello,
  decodeWelcome,
  encodeGoodbye,
  encodeHello,
  encodeWelcome,
  epochOf,
} from '../../src/transport/handshake.js';
import { HELLO, WELCOME } from './samples.js';

function message(kind: number, fields: unknown): Uint8Array {
  return Uint8Array.of(kind, ...encodeValue(fields));
}

const welcomeFields = { ...WELCOME, epoch: epochOf(WELCOME.partitionMap) };

describe('the handshake', () => {
  it('arrives as it was sent', () => {
    expect(decodeHello(encodeHello(HELLO))).toEqual(HELLO);
    expect(decodeHello(encodeHello({ ...HELLO, service: null, token: null, session: null }))).toEqual({
      ...HELLO,
      service: null,
      token: null,
      session: null,
    });
    expect(decodeWelcome(encodeWelcome(WELCOME))).toEqual(WELCOME);
    expect(decodeGoodbye(encodeGoodbye({ code: 'OVERLOADED', message: 'later' }))).toEqual({
      code: 'OVERLOADED',
      message: 'later',
    });
  });

  it('carries who leads, and where the replicas are', () => {
    const { endpoints } = WELCOME;
    const replicas = [1, 2, 3].map((id) => ({ id, endpoints }));
    const welcome = { ...WELCOME, replica: 2, leaders: [1, 0, 3, 2], replicas };
    expect(decodeWelcome(encodeWelcome(welcome))).toEqual(welcome);
    const goodbye = { code: 'NOT_LEADER', message: 'gone', leader: 3 };
    expect(decodeGoodbye(encodeGoodbye(goodbye))).toEqual(goodbye);
  });

  it('takes a WELCOME that says nothing of replicas as one that has none', () => {
    const added = ['replica', 'leaders', 'replicas'];
    const older = Object.fromEntries(Object.entries(welcomeFields).filter(([name]) => !added.includes(name)));
    expect(decodeWelcome(message(FrameKind.welcome, older))).toEqual(WELCOME);
  });

  it('skips fields that a newer peer may add', () => {
    expect(decodeHello(message(FrameKind.hello, { ...HELLO, color: 'red' }))).toEqual(HELLO);
  });

  it('keeps the session when the message it came in is gone', () => {
    const bytes = encodeHello(HELLO);
    const { session } = decodeHello(bytes);
    bytes.fill(0);
    expect(session).toEqual(HELLO.session);
  });

  it('names the field of a HELLO that is wrong', () => {
    expect(() => decodeHello(message(FrameKind.hello, { ...HELLO, token: 5 }))).toThrow(/HELLO\.token/);
    expect(() => decodeHello(message(FrameKind.hello, 'hello'))).toThrow(/HELLO|client/);
  });

  it.each<[field: string, wrong: object]>([
    ['endpoints', { endpoints: WELCOME.endpoints.slice(1) }],
    ['endpoints.0', { endpoints: [[null, 70_000], ...WELCOME.endpoints.slice(1)] }],
    ['group', { group: 4 }],
    ['partitionMap', { partitionMap: { names: [] } }],
    ['epoch', { epoch: 1 }],
    ['frameBytesMax', { frameBytesMax: 0 }],
    ['leaders', { leaders: [1] }],
    ['leaders', { leaders: [], replicas: [{ id: 1, endpoints: WELCOME.endpoints }] }],
    ['replicas.0', { leaders: [1, 1, 1, 1], replicas: [{ id: 1, endpoints: WELCOME.endpoints.slice(1) }] }],
    ['replicas', { leaders: [1, 1, 1, 1], replicas: [1, 1].map((id) => ({ id, endpoints: WELCOME.endpoints })) }],
  ])('names the field of a WELCOME that is wrong: %s', (field, wrong) => {
    const bytes = message(FrameKind.welcome, { ...welcomeFields, ...wrong });
    expect(() => decodeWelcome(bytes)).toThrow(`WELCOME.${field}`);
  });

  it('tells which side is to be upgraded where versions differ, whatever else has changed', () => {
    expect(() => decodeHello(message(FrameKind.hello, { protocol: 99, other: true }))).toThrow(
      'upgrade psmr on this side',
    );
    expect(() => decodeWelcome(message(FrameKind.welcome, { protocol: 0 }))).toThrow(
      "upgrade psmr on the server's side",
    );
  });
});
