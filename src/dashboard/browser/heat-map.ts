/// <reference lib="dom" />
/** Which of the slots are touched, and how much more than others. */
import type { DashboardData } from '../dashboard-data.js';
import { byId, colour, sizedCanvas } from './elements.js';
import { percent } from './format.js';
import { nameOf } from './lanes.js';

const WIDE = 64;
const NARROW = 32;
const HOTTEST_SHOWN = 3;

let shown: DashboardData | null = null;
let pointedAt: number | null = null;

function canvasOf(): HTMLCanvasElement {
  return byId('heat') as HTMLCanvasElement; // the page's own
}

export function listenToHeatMap(): void {
  const canvas = canvasOf();
  canvas.addEventListener('pointermove', ({ offsetX, offsetY }) => {
    if (shown === null) return;
    const columns = columnsOf(canvas.clientWidth);
    const rows = shown.heat.length / columns;
    const row = Math.min(rows - 1, Math.max(0, Math.floor((offsetY / canvas.clientHeight) * rows)));
    const column = Math.min(columns - 1, Math.max(0, Math.floor((offsetX / canvas.clientWidth) * columns)));
    pointedAt = row * columns + column;
    say(shown);
  });
  canvas.addEventListener('pointerleave', () => {
    pointedAt = null;
    if (shown !== null) say(shown);
  });
}

function columnsOf(width: number): number {
  return width < 480 ? NARROW : WIDE;
}

export function drawHeatMap(data: DashboardData): void {
  shown = data;
  const { context, width, height } = sizedCanvas(canvasOf());
  if (context === null) return;
  const columns = columnsOf(width);
  const rows = data.heat.length / columns;
  const most = Math.max(0, ...data.heat);
  const [idle, heat] = [colour('--idle'), colour('--heat')];
  data.heat.forEach((value, slot) => {
    const x = Math.round(((slot % columns) * width) / columns);
    const y = Math.round((Math.floor(slot / columns) * height) / rows);
    const [cellWidth, cellHeight] = [
      Math.max(1, Math.floor(width / columns) - 1),
      Math.max(1, Math.floor(height / rows) - 1),
    ];
    context.fillStyle = idle;
    context.fillRect(x, y, cellWidth, cellHeight);
    if (value <= 0 || most <= 0) return;
    // What is small beside the hottest slot is to be seen as well.
    context.fillStyle = `rgba(${heat}, ${0.22 + 0.78 * Math.sqrt(value / most)})`;
    context.fillRect(x, y, cellWidth, cellHeight);
  });
  const total = data.heat.reduce((sum, value) => sum + value, 0);
  byId('hottest').textContent = total < 1 ? 'most' : `most: ${share(most / total)} of all`;
  say(data);
}

function say({ heat, slotStreams, groups, recording }: DashboardData): void {
  const total = heat.reduce((sum, value) => sum + value, 0);
  const named = (slot: number): string => `slot ${slot} (${nameOf(slotStreams[slot] ?? 0, groups)})`;
  byId('slot').textContent = text();

  function text(): string {
    if (!recording) return 'Not recorded.';
    if (total < 1) return 'No commands yet: nothing has been touched lately.';
    if (pointedAt !== null) return `${named(pointedAt)}: ${share((heat[pointedAt] ?? 0) / total)} of all accesses.`;
    const hottest = heat
      .map((value, slot) => ({ value, slot }))
      .sort((a, b) => b.value - a.value)
      .slice(0, HOTTEST_SHOWN)
      .filter(({ value }) => value > 0)
      .map(({ value, slot }) => `${named(slot)} ${share(value / total)}`);
    return `Hottest: ${hottest.join(', ')}. An even load would give each 0.1%.`;
  }
}

function share(value: number): string {
  return value < 0.1 ? `${Number((value * 100).toPrecision(2))}%` : percent(value);
}
