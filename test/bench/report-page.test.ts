import { describe, expect, test } from 'vitest';
import { parseSweep } from '../../bench/options/sweep.js';
import type { Page } from '../../bench/report/page.js';
import { renderPage } from '../../bench/report/render-page.js';
import { chartsOf } from '../../bench/report/run-charts.js';
import { codeForScript, escaped, jsonForScript } from '../../src/page/html.js';
import { sweepPage } from '../../bench/report/sweep-page.js';
import { runReport } from './report-runs.js';

const NO_ASSETS = { plotLibrary: '', plotStyle: '', plotScript: '' };

describe('the plots of some runs', () => {
  test('without an axis: throughput by technique, with the rounds around it', () => {
    const [bars, ...more] = chartsOf([runReport('smr', 1000), runReport('p-smr', 1900)], null);
    expect(more).toEqual([]);
    expect(bars).toMatchObject({
      ...{ kind: 'bars', categories: ['smr', 'p-smr'] },
      series: [{ values: [1000, 1900], spread: [{ min: 900, max: 1100 }, { min: 1710 }] }],
    });
  });

  test('latency percentiles where they were measured', () => {
    const [, percentiles] = chartsOf([runReport('p-smr', 1900, { feed: 'clients' }, 10)], null);
    expect(percentiles).toMatchObject({
      categories: ['50', '90', '99', '99.9', 'max'],
      series: [{ label: 'p-smr', values: [10, 20, 40, 80, 160] }],
    });
  });

  test.each([
    ['streams', [1, 4], [1, 4]],
    ['cross', [0, 0.25], [0, 25]],
    ['workUs', [0, 10], [0, 10]],
    ['zipf', [0, 0.9], [0, 0.9]],
  ] as const)('against %s: throughput and speed-up, a line per technique', (axis, values, x) => {
    const runs = values.flatMap((value, at) => [
      runReport('smr', 1000, { [axis]: value }),
      runReport('p-smr', 2000 + at, { [axis]: value }),
    ]);
    const [throughput, speedUp] = chartsOf(runs.toReversed(), axis);
    expect(throughput?.x).toEqual(x);
    expect(throughput?.series).toMatchObject([
      { label: 'p-smr', values: [2000, 2001] },
      { label: 'smr', values: [1000, 1000] },
    ]);
    expect(speedUp?.series).toMatchObject([{ values: [2, 2.001] }, { values: [1, 1] }]);
  });

  test('of one technique alone: speed-up over the first point', () => {
    const runs = [1, 2, 4].map((streams) => runReport('p-smr', 500 * streams, { streams }));
    expect(chartsOf(runs, 'streams')[1]).toMatchObject({
      yLabel: 'times the first point',
      series: [{ values: [1, 2, 4] }],
    });
  });

  test('of several rates: what was reached against p50 and p99', () => {
    const run = (rate: number, reached: number, latency: number) =>
      runReport('p-smr', reached, { feed: 'clients', rate }, latency);
    const [curve] = chartsOf([run(100, 100, 5), run(200, 180, 50)], 'rate');
    expect(curve).toMatchObject({
      x: [100, 180],
      series: [
        { label: 'p-smr p50', values: [5, 50] },
        { label: 'p-smr p99', values: [20, 200], style: 'dashed' },
      ],
    });
  });
});

describe('a page', () => {
  const sweep = parseSweep({ cross: '0,0.5', technique: 'smr,p-smr' });
  const runs = sweep.points.flatMap((point, at) => [
    runReport('smr', 111_111 + at, { cross: point.cross }),
    runReport('p-smr', 222_222 + at, { cross: point.cross }),
  ]);
  const page: Page = sweepPage(sweep, runs);
  const html = renderPage(page, { plotLibrary: 'LIBRARY', plotStyle: 'STYLE', plotScript: 'SCRIPT' });

  test('has every run in a table and in a plot', () => {
    for (const { commandsPerSecond } of runs)
      expect(html).toContain(`<td>${commandsPerSecond.median.toLocaleString('en-US')}</td>`);
    const charts: unknown = JSON.parse(/id="charts">(.*?)<\/script>/.exec(html)?.[1] ?? '');
    expect(charts).toEqual(page.sections.flatMap((section) => section.charts));
    expect(html).toContain('data-chart="1"');
  });

  test('tells the machine and the command that measures it again', () => {
    expect(html).toContain(escaped(page.machine.processor));
    expect(html).toContain(`<dd>${process.version}</dd>`);
    expect(html).toMatch(/psmr bench --workload kv --technique smr,p-smr .*--cross 0,0\.5 /);
    expect(html).toContain('smr: one ordered log, one worker.');
  });

  test('holds library, script and style', () => {
    for (const part of ['<script>LIBRARY</script>', '<script type="module">SCRIPT</script>', '<style>STYLE'])
      expect(html).toContain(part);
  });

  test('marks what was not measured', () => {
    const [section] = page.sections;
    if (section === undefined) return expect.unreachable();
    const charts = section.charts.map((chart) => ({ ...chart, prediction: true }));
    expect(html).not.toContain('class="chart prediction"');
    expect(renderPage({ ...page, sections: [{ ...section, charts }] }, NO_ASSETS)).toContain(
      'class="chart prediction"',
    );
  });

  test('text in it is text, and no script ends early', () => {
    const titled = renderPage({ ...page, title: '</title><script>alert(1)</script>' }, NO_ASSETS);
    expect(titled).not.toContain('<script>alert');
    expect(jsonForScript('</script>')).not.toContain('<');
    expect(JSON.parse(jsonForScript({ a: '<!--</script>' }))).toEqual({ a: '<!--</script>' });
    expect(codeForScript('const end = "</script>";\n//# sourceMappingURL=a.js.map')).toBe(
      'const end = "\\x3c/script>";\n',
    );
  });
});
