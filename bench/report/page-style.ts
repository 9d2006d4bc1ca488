import { PALETTE } from '../../src/page/palette.js';

/** The page's own style. */
export const PAGE_STYLE = `${PALETTE}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 24px 20px 64px; max-width: 1240px; background: var(--page); color: var(--text);
  font: 16px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif;
}
h1 { font-size: 28px; line-height: 1.2; margin: 8px 0; }
h2 { font-size: 21px; line-height: 1.25; margin: 48px 0 8px; }
h3 { font-size: 15px; margin: 0 0 8px; }
p { margin: 8px 0; max-width: 75ch; }
.muted { color: var(--muted); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 2px 16px; margin: 16px 0; }
dt { color: var(--muted); }
dd { margin: 0; overflow-wrap: anywhere; }
pre, dd code {
  font: 13px/1.5 ui-monospace, 'SF Mono', Menlo, Consolas, monospace;
}
pre {
  margin: 8px 0 16px; padding: 10px 12px; background: var(--card); border: 1px solid var(--border); border-radius: 6px;
  white-space: pre-wrap; overflow-wrap: anywhere;
}
nav ul { margin: 8px 0; padding-left: 20px; columns: 2; max-width: 75ch; }
a { color: var(--accent); }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 480px), 1fr)); gap: 16px; margin: 16px 0; }
.chart { margin: 0; padding: 12px 12px 8px; background: var(--card); border: 1px solid var(--border); border-radius: 8px; min-width: 0; }
.chart > div { min-height: 300px; }
.prediction h3::after {
  content: 'prediction'; margin-left: 8px; padding: 1px 8px; border: 1px solid currentColor; border-radius: 10px;
  font-size: 12px; font-weight: 500; color: var(--series-3);
}
.table { overflow-x: auto; margin: 16px 0; border: 1px solid var(--border); border-radius: 8px; background: var(--card); }
table { border-collapse: collapse; width: 100%; font-size: 14px; font-variant-numeric: tabular-nums; }
.table th, .table td { padding: 6px 12px; text-align: right; white-space: nowrap; border-top: 1px solid var(--grid); }
.table thead th { border-top: 0; color: var(--muted); font-weight: 600; }
.table th:first-child, .table td:first-child { text-align: left; }
.prose th, .prose td { text-align: left; vertical-align: top; }
.prose td { white-space: normal; min-width: 16ch; }
.prose td:first-child { white-space: nowrap; }
.uplot, .u-legend { color: var(--text); font-family: inherit; }
.u-legend { font-size: 13px; text-align: left; }
.u-legend th { font-weight: 500; }
.u-legend.u-inline tr { margin-right: 12px; }
/* Room for the figures at the cursor, so that nothing moves when it comes; last that of the x axis, whose label is above. */
.u-legend.u-inline tbody { display: flex; flex-wrap: wrap; }
.u-legend.u-inline tr:first-child { order: 1; }
.u-legend.u-inline tr:first-child:has(td:empty) { visibility: hidden; }
.u-legend.u-inline .u-value { min-width: 9ch; font-variant-numeric: tabular-nums; }
.u-legend.u-inline th:has(+ td:empty)::after { content: none; }
@media (max-width: 600px) {
  body { padding: 16px 12px 48px; }
  h1 { font-size: 24px; }
  dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: 8px; }
  nav ul { columns: 1; }
  .chart { padding: 10px 6px 6px; }
  .chart h3 { padding-left: 6px; }
  .table th, .table td { padding: 6px 9px; }
  .table thead th { white-space: normal; vertical-align: bottom; }
}
@media print { .chart, tr { break-inside: avoid; } }
`;
