/** A report as one HTML page that needs nothing else: no network, no other file. */
import { codeForScript, escaped, jsonForScript } from '../../src/page/html.js';
import type { Chart } from './chart.js';
import type { PageAssets } from './page-assets.js';
import { PAGE_STYLE } from './page-style.js';
import type { Machine } from './machine.js';
import type { Page, PageTable, Section } from './page.js';
import { runTable } from './run-table.js';

const GIBIBYTE = 2 ** 30;

export function renderPage(page: Page, assets: PageAssets): string {
  const charts: Chart[] = [];
  const sections = page.sections.map((section, at) => renderSection(section, at, charts));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(page.title)}</title>
<style>${assets.plotStyle}${PAGE_STYLE}</style>
</head>
<body>
<header>
<h1>${escaped(page.title)}</h1>
<p>${escaped(page.summary)}</p>
${conditions(page)}
</header>
${contents(page.sections)}
<main>
${sections.join('\n')}
</main>
<script type="application/json" id="charts">${jsonForScript(charts)}</script>
<script>${codeForScript(assets.plotLibrary)}</script>
<script type="module">${codeForScript(assets.plotScript)}</script>
</body>
</html>
`;
}

function conditions({ machine, command, written }: Page): string {
  return `<dl>
<dt>command</dt><dd><code>${escaped(command)}</code></dd>
${machineRows(machine)}
<dt>written</dt><dd>${escaped(written.toISOString())}</dd>
</dl>`;
}

function machineRows({ processor, cores, memoryBytes, system, node }: Machine): string {
  const number = cores === 1 ? 'one core' : `${cores} cores`;
  return `<dt>processor</dt><dd>${escaped(processor)}</dd>
<dt>cores</dt><dd>${number} for this process: more threads share ${cores === 1 ? 'it' : 'these'}, so no measured speed-up goes far beyond ${cores}</dd>
<dt>memory</dt><dd>${(memoryBytes / GIBIBYTE).toFixed(1)} GiB</dd>
<dt>system</dt><dd>${escaped(system)}</dd>
<dt>Node.js</dt><dd>${escaped(node)}</dd>`;
}

function contents(sections: readonly Section[]): string {
  if (sections.length < 2) return '';
  const links = sections.map(({ title }, at) => `<li><a href="#part-${at + 1}">${escaped(title)}</a></li>`);
  return `<nav aria-label="Contents"><ul>${links.join('')}</ul></nav>`;
}

function renderSection(
  { title, notes, commands, axis, runs, charts, table }: Section,
  at: number,
  all: Chart[],
): string {
  const figures = charts.map((chart) => figure(chart, all.push(chart) - 1));
  return `<section id="part-${at + 1}">
<h2>${escaped(title)}</h2>
${notes.map((note) => `<p>${escaped(note)}</p>`).join('\n')}
${commands.length === 0 ? '' : `<pre><code>${escaped(commands.join('\n'))}</code></pre>`}
<div class="charts">${figures.join('\n')}</div>
${runs.length === 0 ? '' : renderTable(runTable(runs, axis))}
${table === null ? '' : renderTable(table)}
</section>`;
}

function figure(chart: Chart, number: number): string {
  const label = `${chart.title}; the figures are in the table below`;
  return `<figure class="chart${chart.prediction ? ' prediction' : ''}"><h3>${escaped(chart.title)}</h3>
<div data-chart="${number}" role="img" aria-label="${escaped(label)}"></div></figure>`;
}

/** A table may be wider than a telephone: it scrolls by itself, not the page, also by keyboard. */
function renderTable({ head, rows, prose }: PageTable): string {
  const headCells = head.map((cell) => `<th scope="col">${escaped(cell)}</th>`).join('');
  const body = rows.map((row) => `<tr>${row.map((cell) => `<td>${escaped(cell)}</td>`).join('')}</tr>`).join('\n');
  return `<div class="table${prose === true ? ' prose' : ''}" tabindex="0"><table><thead><tr>${headCells}</tr></thead><tbody>
${body}
</tbody></table></div>`;
}
