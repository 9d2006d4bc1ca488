import { expect, it } from 'vitest';
import type { ClusterReplica } from '../../src/config/cluster.js';
import { differencesOf, tokenMark, type SharedConfiguration } from '../../src/replica/shared-configuration.js';

/** With so many hosts, as the configuration spreads groups over them. */
function placed(id: number, hosts: number): ClusterReplica {
  const at = (port: number) => [0, 1, 2].map((group) => ({ host: `10.0.${group % hosts}.${id}`, port: port + group }));
  return { id, clients: at(7400), peers: at(7600), http: { host: `10.0.0.${id}`, port: 7390 } };
}

const configured = (replica: number, token: string | null, hosts = 2): SharedConfiguration => ({
  ...{ replica, token },
  replicas: [placed(1, 2), placed(2, hosts)],
});

const messages = (...pair: [SharedConfiguration, SharedConfiguration]): string[] =>
  differencesOf(...pair).map(({ problem: { code, message } }) => `${code}: ${message}`);

it('configurations that are alike have no difference, though one describes more replicas', () => {
  const own = configured(1, 'a');
  const other = configured(2, 'a');
  expect(messages(own, other)).toEqual([]);
  expect(messages(own, { ...other, replicas: [...other.replicas, placed(3, 1)] })).toEqual([]);
});

it('hosts of another number are told by the first address that is another one, on both sides', () => {
  expect(messages(configured(1, null, 2), configured(2, null, 1))).toEqual([
    'INVALID_CONFIG: The configuration of replica 2 is another one: group 1, for other replicas, of replica 2 is at ' +
      '10.0.0.2:7601 there, and at 10.0.1.2:7601 here. Give all replicas the same cluster.replicas (as many hosts, in the ' +
      'same order) and cluster.interfaces, and start again those that had not.',
  ]);
  expect(messages(configured(2, null, 1), configured(1, null, 2))[0]).toContain('10.0.1.2:7601 there');
});

it.each([
  ['a', null, 'Replica 2 asks clients for no token, and this replica asks for one.'],
  [null, 'a', 'Replica 2 asks clients for a token, and this replica asks for none.'],
  ['a', 'b', 'Replica 2 asks clients for another token than this replica does.'],
])('a token %j here and %j there is told, with what to do', (own, other, sentence) => {
  const [told = ''] = messages(configured(1, own), configured(2, other));
  expect(told).toContain(`INVALID_CONFIG: ${sentence} Give all replicas the same one (token`);
  // The status says the same of each of them.
  expect(differencesOf(configured(1, own), configured(2, other)).map(({ open }) => open)).toEqual([
    'replica 2 has another token than this one: see what they print, and give all replicas the same one',
  ]);
});

it('a mark tells tokens apart, and is another one in another cluster', () => {
  const marks = [
    tokenMark('a', 'secret one'),
    tokenMark('b', 'secret one'),
    tokenMark('a', 'secret two'),
    tokenMark('a', 'secret one'),
  ];
  expect(new Set(marks).size).toBe(3);
  expect(marks[3]).toBe(marks[0]);
});
