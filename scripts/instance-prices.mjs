// Writes cli/prices/us-east-1.json, the prices that come with Recode, from a JSON array of instance types with `name` and
// `usEast1DollarsPerHour`. docs/cli.md names the sources. The prices of volumes and addresses stand here.
// Usage: node scripts/instance-prices.mjs FILE DATE
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [source, date] = process.argv.slice(2);
if (source === undefined || date === undefined) {
  console.error('Usage: node scripts/instance-prices.mjs FILE DATE');
  process.exit(2);
}

/** @typedef {{ readonly name: string, readonly usEast1DollarsPerHour?: number }} PricedType */

// As GetProducts of AWS answered on 10 August 2026: https://github.com/TypeOneLabs/tellury, pkg/pricing/aws/testdata/getproducts-recorded.json.
// The pages of AWS: https://aws.amazon.com/ebs/pricing and https://aws.amazon.com/vpc/pricing
const others = { addressHour: 0.005, volumeMonth: { gp2: 0.1, gp3: 0.08 } };

/** @type {Map<string, Record<string, number>>} */
const families = new Map();
for (const { name, usEast1DollarsPerHour: price } of /** @type {PricedType[]} */ (JSON.parse(readFileSync(source, 'utf8')))) {
  const [family = '', size = ''] = name.split('.');
  if (price !== undefined) families.set(family, { ...families.get(family), [size]: price });
}
const lines = [...families].sort().map(([family, sizes]) => `    ${JSON.stringify(family)}: ${JSON.stringify(sizes)}`);
const head = Object.entries({ date, ...others }).map(([name, value]) => `  ${JSON.stringify(name)}: ${JSON.stringify(value)},\n`);
writeFileSync(
  join(import.meta.dirname, '../cli/prices/us-east-1.json'),
  `{\n${head.join('')}  "instanceHour": {\n${lines.join(',\n')}\n  }\n}\n`,
);
