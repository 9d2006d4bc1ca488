/// <reference lib="dom" />
/** The streams, each a lane of what it did in each second of the last minute. */
import type { DashboardData, GroupNow, GroupSample, Sample } from '../dashboard-data.js';
import { byId, colour, empty, make, sizedCanvas } from './elements.js';
import { bytes, clockTime, duration, percent, short } from './format.js';

const SECONDS = 60;
const WAITS_SHOWN = 4;
/** Shorter waits come and go: the lane shows them. */
const LONG_WAIT_MS = 100;

interface Lane {
  readonly canvas: HTMLCanvasElement;
  readonly doing: HTMLElement;
  readonly figures: readonly HTMLElement[];
  readonly waits: HTMLElement;
}

const FIGURES = ['commands/s', 'busy', 'cross', 'per batch', 'queue'] as const;

let lanes: Lane[] = [];
let shown: { readonly data: DashboardData; readonly samples: readonly Sample[] } | null = null;

/** Streams first, in their order; group 0 last. */
function order(groups: number): number[] {
  return [...Array.from({ length: groups - 1 }, (_, at) => at + 1), 0];
}

export function drawLanes(data: DashboardData, samples: readonly Sample[]): void {
  const place = byId('lanes');
  if (lanes.length !== data.groups.length || place.childElementCount === 0) makeLanes(data.groups);
  const lastMinute = samples.filter(({ atMs }) => atMs > data.nowMs - SECONDS * 1000);
  shown = { data, samples: lastMinute };
  for (const group of order(data.groups.length)) {
    const lane = lanes[group];
    if (lane === undefined) continue;
    drawLane(lane.canvas, group, endOf(data, lastMinute), lastMinute);
    lane.doing.textContent = doing(group, data.groups);
    const last = lastMinute.at(-1)?.groups[group];
    lane.figures.forEach((figure, at) => (figure.textContent = last === undefined ? '–' : (figuresOf(last)[at] ?? '')));
    lane.waits.textContent = waitsText(group, data.groups, lastMinute);
  }
}

function makeLanes(groups: readonly GroupNow[]): void {
  const place = byId('lanes');
  lanes = [];
  place.replaceChildren(
    ...order(groups.length).map((group) => {
      const canvas = document.createElement('canvas');
      const name = nameOf(group, groups);
      canvas.setAttribute('role', 'img');
      canvas.setAttribute('aria-label', `What ${name} did in the last minute`);
      canvas.addEventListener('pointermove', (event) => say(group, event));
      const doing = make('span', 'doing');
      const figures = FIGURES.map(() => make('dd', ''));
      const waits = make('p', 'waits');
      lanes[group] = { canvas, doing, figures, waits };
      const titles = FIGURES.map((title, at) => (group === 0 && at === 0 ? 'entries/s' : title));
      const list = make(
        'dl',
        '',
        ...titles.map((title, at) => make('div', '', make('dt', '', title), figures[at] ?? '')),
      );
      return make('div', 'lane', make('div', 'name', name, doing), canvas, list, waits);
    }),
  );
  if (groups.length === 0) place.append(empty('No streams'));
}

export function nameOf(group: number, groups: readonly { readonly name: string }[]): string {
  return group === 0 ? 'group 0' : `stream ${groups[group]?.name ?? group}`;
}

/** What keeps it, if that has lasted; else what it holds. */
function doing(group: number, groups: readonly GroupNow[]): string {
  const { now = null, keys = 0 } = groups[group] ?? {};
  const idle = group === 0 ? 'cross-stream order' : `${short(keys)} keys`;
  if (now === null || now.sinceMs < LONG_WAIT_MS) return idle;
  if (now.state === 'rendezvous') return `waits ${duration(now.sinceMs)} for ${nameOf(now.stream, groups)}`;
  if (now.state === 'merge') return `waits ${duration(now.sinceMs)} for group 0`;
  return now.state === 'busy' ? `at work for ${duration(now.sinceMs)}` : idle;
}

function figuresOf({ commands, cross, frames, batched, behind, queuedBytes, ...sample }: GroupSample): string[] {
  const queue =
    queuedBytes === 0 && behind > 0 ? `${short(behind)} ${behind === 1 ? 'entry' : 'entries'}` : bytes(queuedBytes);
  return [
    short(commands),
    percent(sample.busy),
    commands === 0 || cross === 0 ? '–' : percent(Math.min(1, cross / commands)),
    frames === 0 ? '–' : short(batched / frames),
    queue,
  ];
}

function waitsText(group: number, groups: readonly GroupNow[], samples: readonly Sample[]): string {
  if (group === 0 || samples.length === 0) return '';
  const of = samples.flatMap((sample) => sample.groups[group] ?? []);
  const merge = of.reduce((sum, sample) => sum + sample.merge, 0) / of.length;
  const waited = new Map<number, number>();
  for (const { rendezvous } of of)
    for (const { stream, share } of rendezvous) waited.set(stream, (waited.get(stream) ?? 0) + share / of.length);
  const longest = [...waited].sort(([, a], [, b]) => b - a).slice(0, WAITS_SHOWN);
  const parts = [
    ...(merge >= 0.001 ? [`${percent(merge)} waiting for a merge`] : []),
    ...longest
      .filter(([, share]) => share >= 0.001)
      .map(([stream, share]) => `${percent(share)} for ${nameOf(stream, groups)}`),
  ];
  return parts.length === 0 ? '' : `This minute: ${parts.join(', ')}`;
}

/** Where a lane ends: with the newest sample, unless that is old. */
function endOf({ nowMs }: DashboardData, samples: readonly Sample[]): number {
  const newest = samples.at(-1)?.atMs ?? 0;
  return nowMs - newest < 3000 ? newest : nowMs;
}

function drawLane(canvas: HTMLCanvasElement, group: number, endMs: number, samples: readonly Sample[]): void {
  const { context, width, height } = sizedCanvas(canvas);
  if (context === null) return;
  context.fillStyle = colour('--idle');
  context.fillRect(0, 0, width, height);
  const second = width / SECONDS;
  const colours = [colour('--busy'), colour('--merge'), colour('--rendezvous')];
  for (const { atMs, groups } of samples) {
    const sample = groups[group];
    if (sample === undefined) continue;
    const x = width - ((endMs - atMs) / 1000 + 1) * second;
    const met = sample.rendezvous.reduce((sum, { share }) => sum + share, 0);
    let bottom = height;
    [sample.busy, sample.merge, met].forEach((share, at) => {
      context.fillStyle = colours[at] ?? '';
      context.fillRect(x, bottom - share * height, Math.max(1, second - 1), share * height);
      bottom -= share * height;
    });
  }
}

/** The figures of the second under the pointer. */
function say(group: number, { offsetX, currentTarget }: PointerEvent): void {
  if (shown === null || !(currentTarget instanceof HTMLElement)) return;
  const { data, samples } = shown;
  const atMs = endOf(data, samples) - (1 - offsetX / currentTarget.clientWidth) * SECONDS * 1000 + 1000;
  const nearest = samples.findLast((sample) => sample.atMs <= atMs) ?? samples[0];
  const sample = nearest?.groups[group];
  if (nearest === undefined || sample === undefined) return;
  const met = sample.rendezvous.map(({ stream, share }) => `${percent(share)} for ${nameOf(stream, data.groups)}`);
  const parts = [
    `${percent(sample.busy)} busy`,
    `${percent(sample.merge)} waiting for a merge`,
    ...(met.length === 0 ? [] : [`at rendezvous ${met.join(', ')}`]),
    `${percent(sample.idle)} idle`,
  ];
  byId('second').textContent =
    `${nameOf(group, data.groups)} at ${clockTime(nearest.atMs)}: ${short(sample.commands)} per second, ${parts.join(', ')}`;
}
