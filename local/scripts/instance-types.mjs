// Writes src/ec2/catalog/instance-types.json, the instance types of the embedded EC2, from recorded answers of AWS: a JSON array with an object
// for each type, with its zones by region as letters. The README.md of the catalog names the source of the recording.
// Usage: node local/scripts/instance-types.mjs FILE
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [source] = process.argv.slice(2);
if (source === undefined) {
  console.error('Usage: node local/scripts/instance-types.mjs FILE');
  process.exit(2);
}

const sizes = ['vcpus', 'cores', 'memoryMiB'];
const kinds = [
  ...['architectures', 'usageClasses', 'rootDeviceTypes', 'virtualizationTypes', 'bootModes', 'threadsPerCore', 'currentGeneration'],
  ...['bareMetal', 'hypervisor', 'burstable', 'freeTier', 'instanceStorage', 'hibernation', 'manufacturer', 'encryption', 'nvme'],
  'maximumNetworkInterfaces',
];

/** @typedef {{ readonly name: string, readonly zones: Readonly<Record<string, string>>, readonly [field: string]: unknown }} RecordedType */

const recording = /** @type {RecordedType[]} */ (JSON.parse(readFileSync(source, 'utf8')));
const recorded = recording.toSorted((one, other) => (one.name < other.name ? -1 : 1));
const regions = [...new Set(recorded.flatMap(({ zones }) => Object.keys(zones)))].sort();
const zones = Object.fromEntries(regions.map((region) => [region, lettersIn(recorded.map((type) => type.zones[region] ?? ''))]));
const offerings = [...new Set(recorded.map(offeringOf))];
// A value that most types share is written once. The line of a type shows only what differs.
const usual = Object.fromEntries(kinds.map((field) => [field, mostCommon(recorded.map((type) => type[field]))]));
const types = recorded.map((type) => ({
  name: type.name,
  ...Object.fromEntries(sizes.map((field) => [field, type[field]])),
  ...Object.fromEntries(kinds.filter((field) => !same(type[field], usual[field])).map((field) => [field, type[field]])),
  offering: offerings.indexOf(offeringOf(type)),
}));

/** @param {readonly unknown[]} values */
const list = (values) => `[\n${values.map((value) => `    ${JSON.stringify(value)}`).join(',\n')}\n  ]`;
const catalog = [
  `"usual": ${JSON.stringify(usual)}`,
  `"zones": ${JSON.stringify(zones)}`,
  `"offerings": ${list(offerings.map((offering) => JSON.parse(offering)))}`,
  `"types": ${list(types)}`,
];
writeFileSync(join(import.meta.dirname, '../src/ec2/catalog/instance-types.json'), `{\n  ${catalog.join(',\n  ')}\n}\n`);

/**
 * The zones that offer a type, by region in alphabetical order, as JSON.
 *
 * @param {RecordedType} type
 */
function offeringOf({ zones: offered }) {
  return JSON.stringify(Object.fromEntries(Object.entries(offered).sort()));
}

/** @param {readonly string[]} texts */
function lettersIn(texts) {
  return [...new Set(texts.join(''))].sort().join('');
}

/** @param {readonly unknown[]} values */
function mostCommon(values) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const value of values) counts.set(JSON.stringify(value), (counts.get(JSON.stringify(value)) ?? 0) + 1);
  const [most] = [...counts].sort(([, one], [, other]) => other - one);
  if (most === undefined) throw new Error('The recording has no instance types.');
  return JSON.parse(most[0]);
}

/**
 * @param {unknown} one
 * @param {unknown} other
 */
function same(one, other) {
  return JSON.stringify(one) === JSON.stringify(other);
}
