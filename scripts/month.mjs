// Makes the tables of docs/automatic-stops.md from bench/results/month.json.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * @typedef {{ due: number, inTime: number, afterOutage: number, late: number, missed: number, lateSeconds: { p50: number, max: number } }} Stops
 * @typedef {{ hours: number, dollars: number }} Bill
 * @typedef {{
 *   measuredAt: string, minutes: number, seed: number, environments: number, days: number, from: string, machine: { cpus: number, node: string },
 *   stops: { schedule: Stops, idle: Stops }, busy: number, unasked: number, doubled: number, scheduledInUse: number, runs: number,
 *   records: {
 *     changes: number, wrongSeconds: { p50: number, p95: number, p99: number, max: number },
 *     longerThanTenSeconds: { inOutage: number, others: number },
 *   },
 *   hands: number, faults: number, script: { looks: number, compared: number, different: number },
 *   money: { alwaysOn: Bill, daily: Bill, recode: Bill, disks: number },
 * }} Month
 */

/**
 * The page with the tables of the results.
 *
 * @param {string} page
 * @param {Month} [month]
 */
export function automaticStopsPage(page, month = latest()) {
  const begin = '<!-- month, from bench/results/month.json -->';
  const end = '<!-- end -->';
  const [before, after] = [page.indexOf(begin), page.indexOf(end)];
  if (before < 0 || after < before) throw new Error(`docs/automatic-stops.md needs the lines ${begin} and ${end}.`);
  return `${page.slice(0, before + begin.length)}\n\n${tables(month)}\n\n${page.slice(after)}`;
}

/** @returns {Month} */
const latest = () => JSON.parse(readFileSync(join(import.meta.dirname, '../bench/results/month.json'), 'utf8'));

/** @param {Month} month */
function tables({ money, stops, records, script, ...month }) {
  const number = (/** @type {number} */ value) => value.toLocaleString('en-US');
  const always = money.alwaysOn.dollars;
  const bill = (/** @type {string} */ title, /** @type {Bill} */ { hours, dollars }) =>
    `| ${title} | ${number(hours)} | $${number(dollars)} | ${dollars === always ? '' : `${Math.round((1 - dollars / always) * 100)} %`} |`;
  const row = (/** @type {string} */ title, /** @type {Stops} */ { due, inTime, afterOutage, late, missed, lateSeconds }) =>
    `| ${[title, due, inTime, afterOutage, late, missed].join(' | ')} | ${Math.round(lateSeconds.p50)} s, ${Math.round(lateSeconds.max)} s |`;
  const facts = [
    ['stops of a machine that was in use, for being idle', month.busy],
    ['stops that nothing and nobody asked for', month.unasked],
    ['stops that were carried out twice', month.doubled],
    ['stops by the schedule, at the time that was chosen, while somebody worked', month.scheduledInUse],
    ['changes in EC2 after which the record was compared', number(records.changes)],
    [
      'until the record showed it: half of them, 95 %, 99 %',
      ['p50', 'p95', 'p99'].map((part) => `${records.wrongSeconds[/** @type {'p50'} */ (part)]} s`).join(', '),
    ],
    ['the longest', `${records.wrongSeconds.max} s`],
    ['longer than 10 s: during the outage, else', `${records.longerThanTenSeconds.inOutage}, ${records.longerThanTenSeconds.others}`],
    ['looks of machines at themselves', number(script.looks)],
    ['of a sample, decisions other than those of the script', `${script.different} of ${script.compared}`],
  ];
  return [
    '| | hours | instances and addresses | saved |',
    '| --- | --- | --- | --- |',
    bill('always on', money.alwaysOn),
    bill('20:00 daily', money.daily),
    bill('automatic stops, as people chose them', money.recode),
    '',
    `The disks cost $${number(money.disks)} more, whatever stops the instances.`,
    '',
    '| automatic stops | due | within five minutes | within five minutes of the end of the outage | late | missed | after the time: half, most |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    row('by the schedule', stops.schedule),
    row('for being idle', stops.idle),
    '',
    '| what else | |',
    '| --- | --- |',
    ...facts.map(([title, value]) => `| ${title} | ${value} |`),
    '',
    `${month.environments} environments, ${month.days} days from ${month.from}, with the seed ${month.seed}: ${number(month.runs)} runs of instances, ` +
      `${month.hands} hands`,
    `in the console and ${month.faults} faults. Measured on ${month.measuredAt.slice(0, 10)} in ${Math.round(month.minutes)} minutes, on ` +
      `${month.machine.cpus} CPUs with Node.js ${month.machine.node}.`,
  ].join('\n');
}
