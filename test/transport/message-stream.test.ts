import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PsmrError } from '../../src/errors.js';
import { MessageReader } from '../../src/transport/peers/message-reader.js';
import { DiallerHandshake, ListenerHandshake } from '../../src/transport/peers/peer-handshake.js';
import { decodePeerHello } from '../../src/transport/peers/peer-messages.js';
import { RetryDelay } from '../../src/transport/peers/retry-delay.js';
import { helloOf } from './peer-hellos.js';
import { IDENTITY, SECRET } from './peer-replicas.js';

function streamOf(messages: readonly Uint8Array[]): Buffer {
  return Buffer.concat(messages.flatMap((m) => [Buffer.from(new Uint32Array([m.byteLength]).buffer), m]));
}

describe('the stream of messages of a link', () => {
  it('gives the messages back, wherever it is cut', () => {
    const messages = fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 20 });
    fc.assert(
      fc.property(messages, fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 1 }), (sent, cuts) => {
        const reader = new MessageReader(50);
        const stream = streamOf(sent);
        const received: Uint8Array[] = [];
        const take = (message: Uint8Array): boolean => received.push(Uint8Array.from(message)) > 0;
        let at = 0;
        for (const cut of cuts) reader.read(stream.subarray(at, (at += cut)), take);
        reader.read(stream.subarray(at), take);
        expect(received).toEqual(sent);
      }),
    );
  });

  it('takes any bytes: messages within the limit, or FRAME_TOO_LARGE', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 100 })), (chunks) => {
        const reader = new MessageReader(1000);
        try {
          for (const chunk of chunks) reader.read(chunk, (message) => message.byteLength <= 1000);
        } catch (thrown) {
          expect(thrown).toMatchObject({ code: 'FRAME_TOO_LARGE' });
        }
      }),
    );
  });

  it('ends where its receiver ends it', () => {
    const reader = new MessageReader(10);
    let received = 0;
    reader.read(streamOf([Uint8Array.of(1), Uint8Array.of(2)]), () => ++received < 1);
    expect(received).toBe(1);
  });
});

describe('the handshake of a link', () => {
  const peer = { id: 1, host: 'there', port: 1 };
  const dialler = (): DiallerHandshake =>
    new DiallerHandshake({ ...IDENTITY, replica: 2 }, new Uint8Array(16), SECRET, peer);

  it('fails with a typed error whatever comes, on both sides', () => {
    const anyBytes = fc.array(fc.tuple(fc.constantFrom(1, 6, 16, 17, 18, 19), fc.uint8Array({ maxLength: 100 })), {
      maxLength: 3,
    });
    fc.assert(
      fc.property(anyBytes, fc.boolean(), (messages, begun) => {
        for (const side of [dialler(), new ListenerHandshake(IDENTITY, SECRET)]) {
          try {
            if (begun && side instanceof ListenerHandshake) side.receive(helloOf({}));
            for (const [kind, body] of messages) expect(side.receive(Uint8Array.of(kind, ...body)).done).toBe(false);
          } catch (thrown) {
            expect(thrown).toBeInstanceOf(PsmrError);
          }
        }
      }),
    );
  });

  it('fails when any byte of it is changed on the way', () => {
    fc.assert(
      fc.property(fc.nat(3), fc.nat(), fc.integer({ min: 1, max: 255 }), (step, at, change) => {
        const spoil = (bytes: Uint8Array, here: number): Uint8Array => {
          const spoilt = Uint8Array.from(bytes);
          const place = at % spoilt.length;
          if (here === step) spoilt[place] = (spoilt[place] ?? 0) ^ change;
          return spoilt;
        };
        const [two, one] = [dialler(), new ListenerHandshake(IDENTITY, SECRET)];
        const reply = ({ reply: bytes }: { reply: Uint8Array | null }): Uint8Array => bytes ?? new Uint8Array(0);
        const exchange = (): boolean => {
          const challenge = reply(one.receive(spoil(two.hello, 0)));
          const proof = reply(two.receive(spoil(challenge, 1)));
          return two.receive(spoil(reply(one.receive(spoil(proof, 2))), 3)).done;
        };
        expect(exchange).toThrow(PsmrError);
      }),
    );
  });

  it("does not take a listener's proof for a dialler's", () => {
    const [two, one] = [dialler(), new ListenerHandshake(IDENTITY, SECRET)];
    const challenge = one.receive(two.hello).reply ?? new Uint8Array(0);
    const proof = Uint8Array.from(two.receive(challenge).reply ?? []);
    proof[0] = 19;
    expect(() => two.receive(proof)).toThrow(/secrets of the two replicas differ/);
  });

  it('reads back the HELLO that it wrote', () => {
    expect(decodePeerHello(helloOf({ from: 7, to: 9, epoch: 0xffff_ffff }))).toMatchObject({
      protocol: 3,
      cluster: IDENTITY.cluster,
      from: 7,
      to: 9,
      epoch: 0xffff_ffff,
    });
  });
});

describe('the wait before dialling again', () => {
  it('is short at first, grows, has a limit, and is never the same for two', () => {
    for (const random of [() => 0, () => 0.999]) {
      const delay = new RetryDelay(random);
      const waits = Array.from({ length: 20 }, () => delay.next(false));
      expect(waits[0]).toBeLessThanOrEqual(10);
      expect(waits).toEqual(waits.toSorted((a, b) => a - b));
      expect(waits.at(-1)).toBeLessThanOrEqual(1000);
      expect(delay.next(true)).toBeGreaterThanOrEqual(2500);
      delay.reset();
      expect(delay.next(true)).toBeGreaterThanOrEqual(500);
    }
    expect(new RetryDelay(() => 0).next(false)).not.toBe(new RetryDelay(() => 0.5).next(false));
  });
});
