/** Figures for people. The files of this folder run in the browser, as one script: see dashboard-page.ts. */
const UNITS = [
  { size: 1e9, name: 'G' },
  { size: 1e6, name: 'M' },
  { size: 1e3, name: 'k' },
];

/** Three digits, such as 12.3k. */
export function short(value: number): string {
  const unit = UNITS.find(({ size }) => Math.abs(value) >= size * 0.9995);
  if (unit === undefined) return String(Number(value.toPrecision(3)));
  return `${Number((value / unit.size).toPrecision(3))}${unit.name}`;
}

export function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

export function percent(share: number): string {
  if (share > 0 && share < 0.01) return '<1%';
  return `${Math.round(share * 100)}%`;
}

export function duration(ms: number): string {
  if (ms < 1) return `${Number((ms * 1000).toPrecision(2))} µs`;
  if (ms < 1000) return `${Number(ms.toPrecision(ms < 10 ? 2 : 3))} ms`;
  const seconds = ms / 1000;
  if (seconds < 60) return `${Number(seconds.toPrecision(2))} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
  return `${Math.floor(seconds / 86_400)} days`;
}

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

export function bytes(value: number): string {
  const power = value < 1 ? 0 : Math.min(BYTE_UNITS.length - 1, Math.floor(Math.log2(value) / 10));
  return `${Number((value / 1024 ** power).toPrecision(3))} ${BYTE_UNITS[power] ?? ''}`;
}

export function clockTime(ms: number): string {
  return new Date(ms).toLocaleTimeString('en-GB');
}
