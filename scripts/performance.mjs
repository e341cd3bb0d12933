// Makes the table and the chart of docs/performance.md from bench/results/latest.json.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, View } from 'vega';

/**
 * @typedef {'firstStart' | 'start' | 'stop' | 'restart' | 'remove' | 'uninstall'} Operation
 * @typedef {{ title: string, ec2: number, overhead: number, ratio: number, transitions?: number }} Target seconds, but for the last two
 * @typedef {{ p50: number, p95: number, times: number[] }} Times seconds
 * @typedef {{ recode: Times, waiterWay: Times, transitions?: number | undefined }} Result
 * @typedef {{ measuredAt: string, runs: number, machine: { cpus: number, node: string }, operations: Record<Operation, Result> }} Results
 */

const bench = join(import.meta.dirname, '../bench');
/** @type {Record<Operation, Target>} */
const targets = JSON.parse(readFileSync(join(bench, 'targets.json'), 'utf8'));
/** @returns {Results} */
const latest = () => JSON.parse(readFileSync(join(bench, 'results/latest.json'), 'utf8'));

/** What is measured of each operation, in seconds. */
function measured() {
  const { operations } = latest();
  return Object.entries(targets).map(([name, { title, ec2 }]) => {
    const { recode, waiterWay } = operations[/** @type {Operation} */ (name)];
    return { title, ec2, recode: recode.p50, recode95: recode.p95, waiterWay: waiterWay.p50 };
  });
}

/**
 * The page with the table of the results.
 *
 * @param {string} page
 */
export function performancePage(page) {
  const { measuredAt, runs, machine } = latest();
  const rows = measured().map(({ title, ec2, recode, recode95, waiterWay }) => {
    const seconds = [ec2, recode, recode95, recode95 - ec2, waiterWay].map((number) => number.toFixed(1));
    return `| ${title} | ${seconds.join(' | ')} | ${(recode / waiterWay).toFixed(2)} |`;
  });
  const table = [
    '| seconds | EC2 itself | Recode, median | 95 % within | more than EC2 | the waiter way | ratio |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...rows,
    '',
    `Measured on ${measuredAt.slice(0, 10)} in ${runs} runs, on ${machine.cpus} CPUs with Node.js ${machine.node}.`,
  ].join('\n');
  return page.replace(/(<!-- results -->\n\n)[\s\S]*?(\n\n<!-- end -->)/, `$1${table}$2`);
}

// Colors that people who see no red or green can tell apart, on white and on black: https://jfly.uni-koeln.de/color/
const series = [
  { name: 'EC2 itself', field: 'ec2', color: '#999999' },
  { name: 'Recode', field: 'recode', color: '#0072b2' },
  { name: 'the waiter way', field: 'waiterWay', color: '#e69f00' },
];

/** The chart of the results, as SVG: three bars for each operation. */
export async function performanceChart() {
  const values = measured().flatMap((operation) =>
    series.map(({ name, field }) => ({ title: operation.title, name, seconds: operation[/** @type {'ec2'} */ (field)] })),
  );
  const bar = { x: { scale: 'x', value: 0 }, x2: { scale: 'x', field: 'seconds' }, y: { scale: 'y', field: 'name' } };
  const label = { fontSize: { value: 11 }, fill: { value: '#666' }, baseline: { value: /** @type {const} */ ('middle') } };
  const view = new View(
    parse({
      description: 'The seconds of each operation: of EC2 itself, of Recode and of the waiter way',
      width: 560,
      height: 330,
      padding: 8,
      background: '#fff',
      data: [{ name: 'measured', values }],
      scales: [
        { name: 'operation', type: 'band', range: 'height', domain: { data: 'measured', field: 'title' }, padding: 0.2 },
        { name: 'x', range: 'width', domain: { data: 'measured', field: 'seconds' }, nice: true, zero: true },
        { name: 'color', type: 'ordinal', domain: series.map(({ name }) => name), range: series.map(({ color }) => color) },
      ],
      axes: [
        { orient: 'left', scale: 'operation', domain: false, ticks: false, labelPadding: 8, labelFontSize: 12, labelLimit: 300 },
        { orient: 'bottom', scale: 'x', title: 'seconds, median', grid: true, gridColor: '#ddd', domain: false, ticks: false },
      ],
      legends: [{ fill: 'color', orient: 'top', direction: 'horizontal', labelFontSize: 12 }],
      marks: [
        {
          type: 'group',
          from: { facet: { data: 'measured', name: 'operation', groupby: 'title' } },
          encode: { enter: { y: { scale: 'operation', field: 'title' } } },
          signals: [{ name: 'height', update: "bandwidth('operation')" }],
          scales: [{ name: 'y', type: 'band', range: 'height', domain: { data: 'operation', field: 'name' } }],
          marks: [
            {
              type: 'rect',
              from: { data: 'operation' },
              encode: { enter: { ...bar, height: { scale: 'y', band: 1 }, fill: { scale: 'color', field: 'name' } } },
            },
            {
              type: 'text',
              from: { data: 'operation' },
              encode: {
                enter: {
                  ...label,
                  x: { scale: 'x', field: 'seconds', offset: 4 },
                  y: { scale: 'y', field: 'name', band: 0.5 },
                  text: { signal: "format(datum.seconds, '.1f')" },
                },
              },
            },
          ],
        },
      ],
    }),
    { renderer: 'none' },
  );
  return `${await view.toSVG()}\n`;
}
