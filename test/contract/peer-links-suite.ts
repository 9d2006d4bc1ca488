/** What every PeerLinks does, whatever it stands on. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PeerAddress, PeerLinkHandlers, PeerLinks } from '../../src/transport/peer-links.js';

export interface PeerLinksPlace {
  /** Of each replica; the links of this place may not let more wait for one peer. */
  readonly unsentBytesMax: number;
  /** Starts a replica's links, again where it was closed or killed before. */
  open(replica: number, handlers: PeerLinkHandlers): Promise<PeerLinks>;
  addressOf(replica: number): PeerAddress;
  /** Lets time pass until this holds; fails after a limit. */
  until(holds: () => boolean): Promise<void>;
  /** Lets some time pass in which whatever is under way arrives. */
  settle(): Promise<void>;
  /** From now on the replica takes nothing in, though its connections stand. */
  stopReading(replica: number): void;
  remove(): Promise<void>;
}

/** What one replica's links told it. */
export class Heard implements PeerLinkHandlers {
  readonly messages: { readonly from: number; readonly bytes: Uint8Array }[] = [];
  readonly events: string[] = [];

  message(from: number, bytes: Uint8Array): void {
    this.messages.push({ from, bytes: Uint8Array.from(bytes) });
  }

  up(peer: number): void {
    this.events.push(`up ${peer}`);
  }

  down(peer: number): void {
    this.events.push(`down ${peer}`);
  }

  isUp(peer: number): boolean {
    return this.events.findLast((event) => event.endsWith(` ${peer}`)) === `up ${peer}`;
  }

  texts(from: number): string[] {
    return this.messages.filter((m) => m.from === from).map(({ bytes }) => Buffer.from(bytes).toString());
  }
}

const text = (value: string): Uint8Array => Buffer.from(value);

function patterned(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8) + length) % 251);
}

export function describePeerLinks(name: string, makePlace: () => Promise<PeerLinksPlace>): void {
  describe(`peer links: ${name}`, () => {
    let place: PeerLinksPlace;
    beforeEach(async () => {
      place = await makePlace();
    });
    afterEach(() => place.remove());

    interface Started {
      readonly links: PeerLinks;
      readonly heard: Heard;
    }

    async function start(replica: number): Promise<Started> {
      const heard = new Heard();
      return { links: await place.open(replica, heard), heard };
    }

    function meet(...ids: number[]): PeerAddress[] {
      return ids.map((id) => place.addressOf(id));
    }

    async function startPair(): Promise<[Started, Started]> {
      const [one, two] = [await start(1), await start(2)];
      for (const { links } of [one, two]) links.setPeers(meet(1, 2));
      await place.until(() => one.heard.isUp(2) && two.heard.isUp(1));
      return [one, two];
    }

    it('sends nothing before it is told whom to connect to, and nothing before the peer is there', async () => {
      const one = await start(1);
      expect(one.links.send(2, [text('early')])).toBe(false);
      const two = await start(2);
      one.links.setPeers(meet(1, 2));
      expect(one.links.send(2, [text('still early')])).toBe(false);
      expect(one.links.unsentBytes(2)).toBe(0);
      await place.until(() => one.heard.isUp(2));
      expect(one.links.send(2, [text('now')])).toBe(true);
      await place.until(() => two.heard.messages.length > 0);
      expect(two.heard.texts(1)).toEqual(['now']);
    });

    it('carries messages of any size and in any number of pieces, unchanged', async () => {
      const [one, two] = await startPair();
      const sizes = [0, 1, 3, 4, 125, 126, 8191, 8192, 65_531, 65_532, 65_536, 65_537, 600_000];
      for (const size of sizes) {
        const whole = patterned(size);
        const cuts = [0, size >> 3, size >> 1, size];
        const pieces = cuts.slice(1).map((end, i) => whole.subarray(cuts[i] ?? 0, end));
        expect(one.links.send(2, pieces)).toBe(true);
      }
      await place.until(() => two.heard.messages.length === sizes.length);
      two.heard.messages.forEach(({ from, bytes }, i) => {
        expect(from).toBe(1);
        expect(Buffer.compare(bytes, patterned(sizes[i] ?? 0))).toBe(0);
      });
    });

    it('keeps the order of messages, both ways at the same time', async () => {
      const [one, two] = await startPair();
      const sent = Array.from({ length: 2000 }, (_, i) => `${i}${'.'.repeat((i * 37) % 300)}`);
      for (const message of sent) {
        expect(one.links.send(2, [text(message)])).toBe(true);
        expect(two.links.send(1, [text(message)])).toBe(true);
      }
      await place.until(() => one.heard.messages.length + two.heard.messages.length === 2 * sent.length);
      expect(two.heard.texts(1)).toEqual(sent);
      expect(one.heard.texts(2)).toEqual(sent);
    });

    it('connects all pairs of replicas and never a replica with itself', async () => {
      const started = [await start(1), await start(2), await start(3)];
      for (const { links } of started) links.setPeers(meet(1, 2, 3));
      await place.until(() => started.every(({ heard }) => heard.events.length === 2));
      started.forEach(({ links, heard }, i) => {
        const others = [1, 2, 3].filter((id) => id !== i + 1);
        expect(heard.events.toSorted()).toEqual(others.map((id) => `up ${id}`));
        for (const id of others) expect(links.send(id, [text(`from ${i + 1}`)])).toBe(true);
        expect(links.send(i + 1, [text('to myself')])).toBe(false);
      });
      await place.until(() => started.every(({ heard }) => heard.messages.length === 2));
    });

    it('connects when the peer comes, however late', async () => {
      const one = await start(1);
      one.links.setPeers(meet(1, 2));
      await place.settle();
      expect(one.heard.events).toEqual([]);
      const two = await start(2);
      two.links.setPeers(meet(1, 2));
      await place.until(() => one.heard.isUp(2) && two.heard.isUp(1));
    });

    it('tells when a peer is gone, and connects again when it is back', async () => {
      const [one, two] = await startPair();
      await two.links.close();
      await place.until(() => !one.heard.isUp(2));
      expect(one.links.send(2, [text('to nobody')])).toBe(false);
      expect(one.links.unsentBytes(2)).toBe(0);
      const again = await start(2);
      again.links.setPeers(meet(1, 2));
      await place.until(() => one.heard.isUp(2) && again.heard.isUp(1));
      expect(one.links.send(2, [text('welcome back')])).toBe(true);
      expect(again.links.send(1, [text('here I am')])).toBe(true);
      await place.until(() => one.heard.messages.length + again.heard.messages.length === 2);
      expect(again.heard.texts(1)).toEqual(['welcome back']);
      expect(one.heard.texts(2)).toEqual(['here I am']);
      expect(one.heard.events).toEqual(['up 2', 'down 2', 'up 2']);
    });

    it('connects to who is added and disconnects who is left out, and nobody else notices', async () => {
      const started = [await start(1), await start(2), await start(3)] as const;
      const [one, two, three] = started;
      for (const { links } of started) links.setPeers(meet(1, 2));
      await place.until(() => one.heard.isUp(2) && two.heard.isUp(1) && three.heard.events.length === 2);
      expect(one.links.send(3, [text('not yet')])).toBe(false);
      one.links.setPeers(meet(1, 2, 3));
      await place.until(() => one.heard.isUp(3));
      one.links.setPeers(meet(1, 3));
      await place.until(() => !one.heard.isUp(2));
      expect(one.links.send(2, [text('gone')])).toBe(false);
      expect(one.links.send(3, [text('hello')])).toBe(true);
      await place.until(() => three.heard.messages.length === 1);
      expect(one.heard.events).toEqual(['up 2', 'up 3', 'down 2']);
    });

    it('lets no more than the limit wait for a peer that does not read, and the others get theirs', async () => {
      const started = [await start(1), await start(2), await start(3)] as const;
      const [one, , three] = started;
      for (const { links } of started) links.setPeers(meet(1, 2, 3));
      await place.until(() => started.every(({ heard }) => heard.events.length === 2));
      place.stopReading(2);
      const message = new Uint8Array(100_000);
      let refused = 0;
      let accepted = 0;
      // What lies between the two takes some megabytes of its own before anything waits here.
      await place.until(() => {
        if (one.links.send(2, [message])) [accepted, refused] = [accepted + 1, 0];
        else refused++;
        return refused > 50;
      });
      expect(accepted).toBeGreaterThan(2);
      expect(one.links.unsentBytes(2)).toBeGreaterThan(place.unsentBytesMax - 2 * message.byteLength);
      expect(one.links.unsentBytes(2)).toBeLessThan(place.unsentBytesMax + 10_000);
      expect(one.links.send(3, [text('unhindered')])).toBe(true);
      await place.until(() => three.heard.messages.length === 1);
    });

    it('lets one message through that is larger than all that may wait, when nothing waits', async () => {
      const [one, two] = await startPair();
      const large = patterned(place.unsentBytesMax + 1);
      expect(one.links.send(2, [large])).toBe(true);
      expect(one.links.send(2, [text('behind it')])).toBe(false);
      await place.until(() => two.heard.messages.length === 1);
      await place.until(() => one.links.unsentBytes(2) === 0);
      expect(one.links.send(2, [text('after it')])).toBe(true);
    });

    it('is silent when it is closed', async () => {
      const [one, two] = await startPair();
      const heard = one.heard.events.length;
      await Promise.all([one.links.close(), one.links.close()]);
      one.links.setPeers(meet(1, 2));
      expect(one.links.send(2, [text('from the dead')])).toBe(false);
      two.links.send(1, [text('to the dead')]);
      await place.settle();
      expect(one.heard.messages).toEqual([]);
      expect(one.heard.events).toHaveLength(heard);
    });
  });
}
