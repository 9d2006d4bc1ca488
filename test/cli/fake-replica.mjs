/** Stands in for `psmr replica`: serves a status that never changes, stops when asked, or when stdin ends. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

const option = (name) => process.argv[process.argv.indexOf(name) + 1];
const id = Number(option('--id'));
const { cluster, streams } = JSON.parse(readFileSync(option('--config'), 'utf8'));
const ids = cluster.replicas.map((replica) => replica.id);
const groups = Array.from({ length: streams + 1 }, (_, group) => ({
  group,
  name: group === 0 ? 'sync' : String(group),
  role: ids[group % ids.length] === id ? 'leader' : 'follower',
  term: 1,
  leader: ids[group % ids.length],
  members: { voters: ids, learners: [] },
  ...{ firstIndex: 1, lastIndex: 9, commitIndex: 9, executedIndex: 9, commandsPerSecond: 0, followers: [] },
}));
const status = {
  ...{ replica: id, cluster: cluster.name, service: 'fake', state: 'running', reason: null, transfer: null, upMs: 1 },
  ...{ groups, checkpoint: null, lastAgreedCheckpoint: null, formation: { incarnation: 'a', formed: null } },
  replicas: cluster.replicas.map((replica) => ({
    id: replica.id,
    url: `http://${replica.hosts[0]}:${replica.http.port}`,
    reachable: true,
  })),
};
const own = cluster.replicas.find((replica) => replica.id === id);
const server = createServer((_, response) => {
  response.end(JSON.stringify(status));
  console.log('was asked');
});
server.listen(own.http.port, own.hosts[0], () => console.log('ready'));
process.once('SIGTERM', () => {
  console.log('stops in good order');
  process.exit(0);
});
process.stdin.once('close', () => process.exit(3)).resume();
