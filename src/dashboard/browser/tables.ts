/// <reference lib="dom" />
/** Commands by name, the figures of now, what has happened lately. */
import type { DashboardData, LoggedEvent, Sample } from '../dashboard-data.js';
import { byId, empty, make, table } from './elements.js';
import { clockTime, duration, percent, short, whole } from './format.js';

export function drawTiles(data: DashboardData, samples: readonly Sample[]): void {
  const last = samples.at(-1);
  const latency =
    samples.findLast((sample) => sample.latency !== null && sample.atMs > data.nowMs - 5000)?.latency ?? null;
  const cross = (last?.groups ?? []).reduce((sum, group, at) => (at === 0 ? sum : Math.max(sum, group.cross)), 0);
  const connections = data.groups.reduce((most, group) => Math.max(most, group.connections), 0);
  const tiles = [
    tile('commands/s', last === undefined ? '–' : short(last.commands)),
    tile('latency p50', latency === null ? '–' : duration(latency.p50)),
    tile('latency p99', latency === null ? '–' : duration(latency.p99)),
    tile('latency p99.9', latency === null ? '–' : duration(latency.p999)),
    tile('failed/s', last === undefined ? '–' : short(last.failed), (last?.failed ?? 0) > 0),
    tile('cross-stream', last === undefined || last.commands === 0 ? '–' : percent(Math.min(1, cross / last.commands))),
    tile('keys', short(data.keys)),
    tile('connections', whole(connections)),
  ];
  byId('tiles').replaceChildren(...tiles);
}

function tile(what: string, value: string, bad = false): HTMLElement {
  return make('div', bad ? 'tile bad' : 'tile', make('b', '', value), make('span', '', what));
}

const COMMANDS_SHOWN = 12;

export function drawCommands({ commandRows, recording, commands }: DashboardData): void {
  const place = byId('commands');
  if (!recording) return place.replaceChildren(empty('Not recorded.'));
  const called = commandRows
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.perSecond - a.perSecond || b.count - a.count);
  if (called.length === 0) return place.replaceChildren(empty('No commands yet'));
  const time = (at: (typeof called)[number]): number => at.perSecond * (at.meanUs ?? 0);
  const total = called.reduce((sum, row) => sum + time(row), 0);
  const rows = called
    .slice(0, COMMANDS_SHOWN)
    .map((row) => [
      row.name,
      short(row.perSecond),
      row.meanUs === null ? '–' : duration(row.meanUs / 1000),
      timeCell(total === 0 ? 0 : time(row) / total),
      short(row.count),
    ]);
  const parts: Node[] = [table(['command', 'per second', 'mean', 'of the time', 'so far'], rows)];
  if (called.length > COMMANDS_SHOWN)
    parts.push(make('p', 'muted', `and ${called.length - COMMANDS_SHOWN} more at /stats`));
  parts.push(make('p', 'muted', `${whole(commands)} since the start`));
  place.replaceChildren(...parts);
}

function timeCell(share: number): HTMLElement {
  const bar = make('span', 'bar', make('i', ''));
  (bar.firstChild as HTMLElement).style.width = `${share * 100}%`;
  return make('span', '', percent(share), bar);
}

export function drawEvents(events: readonly LoggedEvent[]): void {
  const place = byId('events');
  if (events.length === 0)
    return place.replaceChildren(
      empty('Nothing yet: elections, checkpoints, slow commands and problems show up here.'),
    );
  const items = events.toReversed().map(({ atMs, kind, text }) => {
    const time = make('time', '', clockTime(atMs));
    time.title = new Date(atMs).toISOString();
    return make('li', '', time, make('span', `badge ${kind}`, kind), make('span', '', text));
  });
  const list = place.querySelector('ul') ?? make('ul', 'events');
  list.replaceChildren(...items);
  if (list.parentElement === null) place.replaceChildren(list);
}
