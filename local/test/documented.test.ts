import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { actions } from '../src/dynamodb/engine.ts';
import { operations } from '../src/ec2/ec2.ts';
import { requests as pricing } from '../src/pricing/pricing.ts';
import { requests } from '../src/step-functions/request.ts';

/** The actions that the README lists for a service. */
function documented(service: string): string[] {
  const page = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8');
  const [, list = ''] = new RegExp(`^- \\*\\*${service}\\*\\*: ([\\w\\s,]+?)$(?=\\n[-\\n])`, 'm').exec(page) ?? [];
  return list.split(/,\s+/).sort();
}

it('documents all supported actions', () => {
  expect(documented('EC2')).toEqual(Object.keys(operations).sort());
  expect(documented('DynamoDB')).toEqual([...actions].sort());
  expect(documented('Price List')).toEqual(Object.keys(pricing).sort());
  expect(documented('Step Functions')).toEqual(Object.keys(requests).sort());
});
