/** An inspection for people to read. */
import Table from 'cli-table3';
import type { CheckpointManifest } from '../storage/checkpoint-store.js';
import type { Inspection } from './inspection.js';
import type { LogSummary } from './log-summary.js';

const RIGHT = 'right' as const;

export function renderInspection(found: Inspection): string {
  const { complete, unfinishedChunks } = found.checkpoints;
  const sections = [
    renderIdentity(found),
    `Logs\n${renderLogs(found.groups)}`,
    complete.length === 0 ? 'Checkpoints\n  none' : complete.map(renderCheckpoint).join('\n\n'),
    ...(unfinishedChunks === 0 ? [] : [`${unfinishedChunks} chunks of a checkpoint that is not complete.`]),
  ];
  return `${sections.join('\n\n')}\n`;
}

function renderIdentity({ path, service, streams, classes, epoch, openedBy }: Inspection): string {
  const lines = [
    path,
    `  service    ${service}`,
    `  streams    ${streams}`,
    ...classes.map(({ prefix, stream }) => `  keys       '${prefix}...' ${placeOf(stream)}`),
    `  map epoch  ${epoch.toString(16).padStart(8, '0')}`,
    `  open       ${openedBy === null ? 'no' : `yes, by process ${openedBy}: figures may be a moment old`}`,
  ];
  return lines.join('\n');
}

function placeOf(stream: number): string {
  if (stream === 0) return 'in every partition';
  return stream < 0 ? 'by hash' : `in stream ${stream}`;
}

function renderLogs(groups: readonly LogSummary[]): string {
  const table = plainTable(
    [
      'group',
      'entries',
      'batches',
      'merge only',
      'checkpoints',
      'no-ops',
      'commands',
      'merge points',
      'segments',
      'records',
      'torn',
    ],
    1,
  );
  for (const log of groups) {
    const { batches, mergeOnly, checkpoints, noops } = log.entries;
    table.push([
      log.group === 0 ? '0 (sync)' : `${log.group}${log.name === String(log.group) ? '' : ` (${log.name})`}`,
      log.lastIndex < log.firstIndex ? 'none' : `${log.firstIndex}..${log.lastIndex}`,
      ...[batches, mergeOnly, checkpoints, noops, log.commands].map(String),
      log.mergePoints === null ? '-' : `${log.mergePoints.lowest}..${log.mergePoints.highest}`,
      String(log.segments),
      bytesText(log.recordBytes),
      bytesText(log.tornBytes),
    ]);
  }
  return table.toString();
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
