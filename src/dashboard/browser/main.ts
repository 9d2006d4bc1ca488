/// <reference lib="dom" />
/** Asks the server each second, and draws what it says. */
import type { DashboardData, LoggedEvent, Sample } from '../dashboard-data.js';
import { drawCluster } from './cluster.js';
import { byId } from './elements.js';
import { clockTime, duration } from './format.js';
import { drawHeatMap, listenToHeatMap } from './heat-map.js';
import { drawLanes } from './lanes.js';
import { drawPlots, makePlots } from './plots.js';
import { drawCommands, drawEvents, drawTiles } from './tables.js';

const EVERY_MS = 1000;
const TIMEOUT_MS = 5000;
const SAMPLES_KEPT = 300;
const EVENTS_KEPT = 200;
/** How long the page says that the server is back. */
const BACK_MS = 10_000;

let samples: Sample[] = [];
let events: LoggedEvent[] = [];
let startedMs: number | null = null;
let newest: DashboardData | null = null;
/** Since when the server does not answer; null: it does. */
let awaySinceMs: number | null = null;
let backUntilMs = 0;
/** When it answered last. */
let answeredMs = Date.now();

async function ask(): Promise<void> {
  const query = `samplesAfter=${samples.at(-1)?.atMs ?? 0}&eventsAfter=${events.at(-1)?.number ?? 0}`;
  try {
    const answer = await fetch(`/dashboard.json?${query}`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (!answer.ok) throw new Error(`it answers ${answer.status}`);
    const data = (await answer.json()) as DashboardData; // this server's own
    if (startedMs !== null && data.startedMs !== startedMs) {
      // Another run of the server: what was before is not its.
      samples = [];
      events = [];
      startedMs = data.startedMs;
      back();
      await ask();
      return;
    }
    startedMs = data.startedMs;
    take(data);
    back();
  } catch (error) {
    away(error);
  }
}

function take(data: DashboardData): void {
  newest = data;
  samples = [...samples, ...data.samples].slice(-SAMPLES_KEPT);
  events = [...events, ...data.events].slice(-EVENTS_KEPT);
  draw();
}

function draw(): void {
  if (newest === null) return;
  const data = newest;
  const { replica, service, recording } = data;
  const who = replica === null ? '' : `replica ${replica.replica} of ${replica.cluster}`;
  document.title = `${service}${who === '' ? '' : `, ${who}`} – psmr`;
  byId('service').textContent = service;
  byId('who').textContent = who;
  byId('unrecorded').hidden = recording;
  drawTiles(data, samples);
  drawPlots(samples, data.nowMs);
  drawLanes(data, samples);
  drawHeatMap(data);
  drawCommands(data);
  drawCluster(data);
  drawEvents(events);
}

function back(): void {
  const now = Date.now();
  answeredMs = now;
  const banner = byId('away');
  if (awaySinceMs !== null) {
    banner.textContent = `The server answers again since ${clockTime(now)}; it did not for ${duration(now - awaySinceMs)}.`;
    backUntilMs = now + BACK_MS;
    awaySinceMs = null;
  }
  banner.className = 'back';
  banner.hidden = now >= backUntilMs;
  document.body.classList.remove('stale');
  const state = byId('state');
  state.className = 'muted live';
  if (newest !== null) state.textContent = `up for ${duration(Math.max(1000, newest.nowMs - newest.startedMs))}`;
}

function away(error: unknown): void {
  awaySinceMs ??= answeredMs;
  const banner = byId('away');
  const why = error instanceof Error && error.message.startsWith('it answers') ? ` (${error.message})` : '';
  banner.textContent = `No answer from the server since ${clockTime(awaySinceMs)}${why}. The figures below are old; asking again every second.`;
  banner.className = '';
  banner.hidden = false;
  document.body.classList.add('stale');
  const state = byId('state');
  state.className = 'muted lost';
  state.textContent = 'no answer';
}

function redraw(): void {
  makePlots();
  draw();
}

async function watch(): Promise<void> {
  for (;;) {
    await ask();
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }
}

let width = innerWidth;
addEventListener('resize', () => {
  if (innerWidth === width) return;
  width = innerWidth;
  redraw();
});
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw);
listenToHeatMap();
makePlots();
void watch();
