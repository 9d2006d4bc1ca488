/** A session that two processes use: neither takes the other's answer for its own. */
import { Engine } from 'psmr';
import { describe, expect, it, onTestFinished } from 'vitest';
import { PartitionMap } from '../../src/classifier/partition-map.js';
import type { Reply } from '../../src/client/reply.js';
import type { Segment } from '../../src/transport/frames.js';
import { serviceUrl } from './compiled.js';
import { ledgerOf } from './ledger-load.js';
import { newSession, RawClient, segmentOf } from './raw-client.js';
import { Replicas } from './replicas.js';

const GROUPS = [1, 0] as const;

/** A key of stream 1 and one of stream 2. */
function keysOf(client: RawClient): readonly [one: string, other: string] {
  const map = PartitionMap.fromJson(client.welcome.partitionMap);
  const keys = Array.from({ length: 64 }, (_, nth) => `key/${nth}`);
  return [keys.find((key) => map.streamOf(key) === 1) ?? '', keys.find((key) => map.streamOf(key) === 2) ?? ''];
}

/** A command for that group which leaves `id` in stream 1's key. */
function markOf(client: RawClient, group: number, id: string): Segment {
  const [one, other] = keysOf(client);
  return group === 1
    ? segmentOf([1], 'add', [{ key: one, by: 1, id }])
    : segmentOf([1, 2], 'transfer', [{ from: one, to: other, amount: 1, id }]);
}

function outcomeOf(reply: Reply): string {
  return reply.kind === 'rejected' ? reply.error.code : JSON.stringify(reply.values);
}

/** The answer of whoever leads. */
async function askLeader(
  replicas: Replicas,
  group: number,
  session: Uint8Array,
  frame: (client: RawClient) => Uint8Array,
): Promise<string> {
  let outcome = 'NOT_LEADER';
  await expect
    .poll(
      async () => {
        const url = new URL(replicas.urls[(await replicas.leaderOf(group)) - 1] ?? '');
        const client = await RawClient.connect(Number(url.port) + group, session);
        outcome = outcomeOf(await client.ask(frame(client)));
        client.vanish();
        return outcome;
      },
      { timeout: 20_000 },
    )
    .not.toBe('NOT_LEADER');
  return outcome;
}

describe('a session used by two processes', () => {
  it(
    'answers the same command to both, executed once, and another of its number to none',
    { timeout: 120_000 },
    async () => {
      const replicas = await Replicas.start({ streams: 2 });
      const session = newSession();
      const answers = new Map<number, string>();
      const mine =
        (group: number, first = 1) =>
        (client: RawClient) =>
          client.frame({ first, segments: [markOf(client, group, `mine ${group} ${first}`)] });
      const foreign = (group: number) => (client: RawClient) =>
        client.frame({ first: 1, segments: [markOf(client, group, `foreign ${group}`)] });
      const check = async (group: number): Promise<void> => {
        expect(await askLeader(replicas, group, session, mine(group))).toBe(answers.get(group));
        expect(await askLeader(replicas, group, session, foreign(group))).toBe('SESSION_CONFLICT');
      };
      for (const group of GROUPS) {
        answers.set(group, await askLeader(replicas, group, session, mine(group)));
        await check(group);
      }
      await replicas.kill(await replicas.leaderOf(1));
      for (const group of GROUPS) {
        await check(group);
        expect(await askLeader(replicas, group, session, mine(group, 2))).toMatch(/^\[/);
      }
      const client = await ledgerOf(replicas);
      const dump = (await client.execute('dump')) as readonly (readonly [
        string,
        { readonly ids: readonly string[] },
      ])[];
      const ids = new Set(dump.flatMap(([, record]) => record.ids));
      expect([...ids].sort()).toEqual(['mine 0 1', 'mine 0 2', 'mine 1 1', 'mine 1 2']);
      expect(dump.flatMap(([, record]) => record.ids)).toHaveLength(6);
      await client.close();
    },
  );

  it.each(GROUPS)('gives no answer under way to who has taken it over, in group %i', async (group) => {
    const engine = await Engine.start({ service: serviceUrl('ledger'), streams: 2 });
    onTestFinished(() => engine.stop());
    const { endpoints } = await engine.listen({ port: 0, http: null });
    const session = newSession();
    const connect = (): Promise<RawClient> => RawClient.connect(endpoints[group]?.port ?? 0, session);
    const owner = await connect();
    const keys = keysOf(owner).slice(0, group === 1 ? 1 : 2);
    const streams = group === 1 ? [1] : [1, 2];
    // Each takes long on its thread, whichever that is: most are still to be executed when the second process comes.
    const slow = segmentOf(streams, 'count', [
      { keys, slowOn: 0 },
      { keys, slowOn: 1 },
    ]);
    const quick = segmentOf(streams, 'count', [{ keys }, { keys }]);
    const numbers = Array.from({ length: 12 }, (_, nth) => 1 + 2 * nth);
    for (const first of numbers) owner.send(owner.frame({ first, segments: [slow] }));
    const thief = await connect();
    for (const first of numbers) thief.send(thief.frame({ first, segments: [quick] }));
    for (const first of numbers) {
      const reply = await thief.reply();
      expect([reply.firstSequence, outcomeOf(reply)]).toEqual([first, 'SESSION_CONFLICT']);
    }
  });
});
