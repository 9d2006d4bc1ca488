/** What an operator does with a running cluster: look, checkpoint, move leaders, change who takes part. */
import { Command } from 'commander';
import { REPLICA_ID_MAX } from '../config/cluster-schema.js';
import { PsmrError } from '../errors.js';
import type { ReplicaView } from '../replica/admin/cluster-client.js';
import { STREAMS_MAX } from '../transport/frames.js';
import { addAccessOptions, clusterAccess, type AccessFlags } from './cluster-access.js';
import { renderCluster } from './cluster-text.js';
import { wholeNumber } from './option-values.js';
import { printResult } from './terminal.js';

const URL_ARGUMENT = ['[url]', 'the HTTP endpoint of any replica; without it those of the configuration'] as const;
const replicaNumber = wholeNumber(1, REPLICA_ID_MAX);
const streamNumber = wholeNumber(0, STREAMS_MAX);
/** As status calls it. */
const groupNumber = (text: string): number => (text === 'sync' ? 0 : streamNumber(text));

export function statusCommand(): Command {
  return addAccessOptions(new Command('status').argument(...URL_ARGUMENT), 'answer')
    .description('Show a cluster: its replicas, and for each group who leads it and how far everybody is.')
    .addHelpText(
      'after',
      `
  applied   by replica: the last entry executed
  lag       by follower: entries that it lacks, as the leader knows

Examples:
  psmr status http://10.0.0.1:7390
  psmr status --config cluster.json --json | jq '.replicas[].status.lastAgreedCheckpoint'`,
    )
    .action(async (url: string | undefined, flags: AccessFlags) => {
      const views = await clusterAccess(url, flags, 'answer').client.views();
      const replicas = views.map(({ problem, ...view }) => ({ ...view, problem: problem?.message ?? null }));
      printResult(flags.json === true ? JSON.stringify({ replicas }, null, 2) : renderCluster(views));
    });
}

export function checkpointCommand(): Command {
  return addAccessOptions(new Command('checkpoint').argument(...URL_ARGUMENT))
    .description('Have every replica that runs write a checkpoint; logs below it are truncated.')
    .addHelpText(
      'after',
      `
Examples:
  psmr checkpoint --config cluster.json
  PSMR_SECRET=... psmr checkpoint http://10.0.0.1:7390 --json`,
    )
    .action(async (url: string | undefined, flags: AccessFlags) => {
      const { client } = clusterAccess(url, flags);
      const { manifest, absent } = await client.checkpoint();
      const id: unknown = Reflect.get(Object(manifest) as object, 'id');
      if (flags.json === true) printResult(JSON.stringify(manifest));
      else printResult(`checkpoint ${String(id)} is complete${withoutIt(absent)}`);
    });
}

/** One that does not run, or take part yet, writes none: it comes by its state from the logs, or from the others. */
function withoutIt(absent: readonly ReplicaView[]): string {
  if (absent.length === 0) return '';
  const named = (those: readonly ReplicaView[]): string =>
    `${those.length === 1 ? 'replica' : 'replicas'} ${those.map(({ id, url }) => (id === 0 ? url : String(id))).join(', ')}`;
  const silent = absent.filter(({ status }) => status === null);
  const joining = absent.filter(({ status }) => status !== null);
  const parts = [
    ...(silent.length === 0 ? [] : [`at ${named(silent)}: no answer from there`]),
    ...(joining.length === 0 ? [] : [`at ${named(joining)}: not taking part yet`]),
  ];
  return `, but not ${parts.join('; nor ')}`;
}

export function leaderCommand(): Command {
  const move = addAccessOptions(new Command('move'))
    .description('Make a replica the leader of a group, without a gap in service.')
    .argument('<group>', '0, or sync: the sync group; i: stream i', groupNumber)
    .argument('<replica>', 'its number', replicaNumber)
    .argument(...URL_ARGUMENT)
    .addHelpText('after', '\nExamples:\n  psmr leader move 1 3 --config cluster.json')
    .action(async (group: number, to: number, url: string | undefined, flags: AccessFlags) => {
      await clusterAccess(url, flags).client.moveLeader(group, to);
      printDone(flags, { group, leader: to }, `replica ${to} leads group ${group}`);
    });
  return new Command('leader')
    .description('Move the leader of a group.')
    .addCommand(move)
    .addHelpText('after', '\nExamples:\n  psmr leader move 1 3 --config cluster.json');
}

const MEMBER_EXAMPLES = `
A change may be repeated: what is done already is left alone. After a timeout it goes on by itself.

Examples:
  psmr member add 4 --config cluster.json       replica 4, as the configuration describes it, and running already
  psmr member remove 1 --config cluster.json    moves away first what replica 1 leads`;

export function memberCommand(): Command {
  const add = addAccessOptions(new Command('add'))
    .description('Add a replica to every group: it catches up first, then it votes.')
    .argument('<replica>', 'its number in the configuration', replicaNumber)
    .argument(...URL_ARGUMENT)
    .action(async (id: number, url: string | undefined, flags: AccessFlags) => {
      const { client, replicas } = clusterAccess(url, flags);
      const replica = replicas.find((each) => each.id === id);
      if (replica === undefined)
        throw new PsmrError(
          'INVALID_ARGUMENT',
          `Where is replica ${id}? Describe it in cluster.replicas of the configuration, and give that as --config FILE.`,
        );
      await client.addMember(replica);
      printDone(flags, { added: id }, `replica ${id} takes part in every group`);
    });
  const remove = addAccessOptions(new Command('remove'))
    .description('Remove a replica from every group.')
    .argument('<replica>', 'its number', replicaNumber)
    .argument(...URL_ARGUMENT)
    .action(async (id: number, url: string | undefined, flags: AccessFlags) => {
      const tookPart = await clusterAccess(url, flags).client.removeMember(id);
      const what = tookPart ? 'takes part no more: it can be stopped' : 'took part in no group: nothing was changed';
      printDone(flags, { removed: id }, `replica ${id} ${what}`);
    });
  const member = new Command('member').description('Add a replica to a running cluster, or remove one.');
  for (const command of [add, remove]) member.addCommand(command.addHelpText('after', MEMBER_EXAMPLES));
  return member.addHelpText('after', MEMBER_EXAMPLES);
}

function printDone({ json }: AccessFlags, result: object, sentence: string): void {
  printResult(json === true ? JSON.stringify(result) : sentence);
}
