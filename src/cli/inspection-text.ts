/** An inspection for people to read. */
import Table from 'cli-table3';
import type { CheckpointManifest } from '../storage/checkpoint-store.js';
import type { InspectedReplica, Inspection } from './inspection.js';
import type { LogSummary, ReplicatedSummary } from './log-summary.js';

const RIGHT = 'right' as const;

export function renderInspection(found: Inspection): string {
  const { complete, unfinishedChunks } = found.checkpoints;
  const sections = [
    renderIdentity(found),
    `Logs\n${renderLogs(found.groups)}`,
    complete.length === 0 ? 'Checkpoints\n  none' : complete.map(renderCheckpoint).join('\n\n'),
    ...(unfinishedChunks === 0 ? [] : [`${unfinishedChunks} chunks of a checkpoint that is not complete.`]),
    'Everything was read, and every checksum is right.',
  ];
  return `${sections.join('\n\n')}\n`;
}

function renderIdentity({ path, replica, service, streams, classes, epoch, openedBy }: Inspection): string {
  const lines = [
    path,
    ...(replica === null ? [] : replicaLines(replica)),
    `  service    ${service}`,
    `  streams    ${streams}`,
    ...classes.map(({ prefix, stream }) => `  keys       '${prefix}...' ${placeOf(stream)}`),
    `  map epoch  ${epoch.toString(16).padStart(8, '0')}`,
    `  open       ${openedBy === null ? 'no' : `yes, by process ${openedBy}: figures may be a moment old`}`,
  ];
  return lines.join('\n');
}

function replicaLines({ id, cluster, formedOf, rejoining }: InspectedReplica): string[] {
  const formed = formedOf === null ? 'not yet: it has never taken part' : `of replicas ${formedOf.join(', ')}`;
  return [
    `  replica    ${id} of cluster ${JSON.stringify(cluster)}`,
    `  formed     ${formed}`,
    ...(rejoining ? ['  rebuild    under way: it is to be added to every group again'] : []),
  ];
}

function placeOf(stream: number): string {
  if (stream === 0) return 'in every partition';
  return stream < 0 ? 'by hash' : `in stream ${stream}`;
}

interface Column {
  readonly head: string;
  readonly cell: (log: LogSummary) => string;
}

const COLUMNS: readonly Column[] = [
  {
    head: 'group',
    cell: ({ group, name }) => (group === 0 ? '0 (sync)' : `${group}${name === String(group) ? '' : ` (${name})`}`),
  },
  {
    head: 'entries',
    cell: ({ firstIndex, lastIndex }) => (lastIndex < firstIndex ? 'none' : `${firstIndex}..${lastIndex}`),
  },
  { head: 'batches', cell: ({ entries }) => String(entries.batches) },
  { head: 'merge only', cell: ({ entries }) => String(entries.mergeOnly) },
  { head: 'checkpoints', cell: ({ entries }) => String(entries.checkpoints) },
  { head: 'no-ops', cell: ({ entries }) => String(entries.noops) },
  { head: 'commands', cell: ({ commands }) => String(commands) },
  {
    head: 'merge points',
    cell: ({ mergePoints }) => (mergePoints === null ? '-' : `${mergePoints.lowest}..${mergePoints.highest}`),
  },
  { head: 'segments', cell: ({ segments }) => String(segments) },
  { head: 'records', cell: ({ recordBytes }) => bytesText(recordBytes) },
  { head: 'torn', cell: ({ tornBytes }) => bytesText(tornBytes) },
];

/** Of replicas' logs only. */
const REPLICATED_COLUMNS: readonly Column[] = [
  { head: 'members', cell: ({ entries }) => String(entries.memberships) },
  { head: 'last term', cell: ({ replicated }) => String(replicated?.lastTerm ?? '-') },
  { head: 'vote', cell: ({ replicated }) => voteText(replicated?.vote ?? null) },
];

function renderLogs(groups: readonly LogSummary[]): string {
  const replicated = groups.some((log) => log.replicated !== null);
  const columns = replicated ? [...COLUMNS, ...REPLICATED_COLUMNS] : COLUMNS;
  const table = plainTable(
    columns.map(({ head }) => head),
    1,
  );
  for (const log of groups) table.push(columns.map(({ cell }) => cell(log)));
  return table.toString();
}

function voteText(vote: ReplicatedSummary['vote']): string {
  return vote === null ? '-' : `term ${vote.term}: ${vote.votedFor ?? 'none'}`;
}

function renderCheckpoint({ id, takenAtMs, parts }: CheckpointManifest): string {
  const table = plainTable(['part', 'keys', 'hash', 'bytes', 'chunks', 'replay from'], 1);
  for (const { part, keys, hash, bytes, chunks, nextIndex } of parts) {
    table.push([
      part === 0 ? 'group 0 (sessions)' : `stream ${part}`,
      String(keys),
      hash,
      bytesText(bytes),
      String(chunks),
      String(nextIndex),
    ]);
  }
  return `Checkpoint ${id}, taken ${new Date(takenAtMs).toISOString()}\n${table.toString()}`;
}

/** Columns from `leftAligned` on are numbers. */
function plainTable(head: string[], leftAligned: number): Table.Table {
  const none = '';
  return new Table({
    head,
    colAligns: head.map((_, at) => (at < leftAligned ? 'left' : RIGHT)),
    style: { head: [], border: [], 'padding-left': 2, 'padding-right': 0 },
    chars: {
      ...{ top: none, 'top-mid': none, 'top-left': none, 'top-right': none },
      ...{ bottom: none, 'bottom-mid': none, 'bottom-left': none, 'bottom-right': none },
      ...{ left: none, 'left-mid': none, mid: none, 'mid-mid': none, right: none, 'right-mid': none, middle: none },
    },
  });
}

function bytesText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const unit = bytes < 1024 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  const amount = bytes / 1024 ** unit;
  return `${unit === 0 ? amount : amount.toFixed(1)} ${units[unit] ?? 'B'}`;
}
