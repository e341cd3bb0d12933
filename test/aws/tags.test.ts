import { afterEach, expect, it } from 'vitest';
import { tagged } from '../../aws/tags.ts';

const before = process.env.RECODE_TAGS;
afterEach(() => {
  if (before === undefined) delete process.env.RECODE_TAGS;
  else process.env.RECODE_TAGS = before;
});

const ours = { Key: 'recode:managed-by', Value: 'recode' };

it.each([
  [undefined, []],
  ['', []],
  [
    'team=platform, cost-center=42',
    [
      { Key: 'team', Value: 'platform' },
      { Key: 'cost-center', Value: '42' },
    ],
  ],
  ['formula=a=b', [{ Key: 'formula', Value: 'a=b' }]],
])('puts the administrator’s tags beside ours: %s', (text, added) => {
  if (text === undefined) delete process.env.RECODE_TAGS;
  else process.env.RECODE_TAGS = text;
  expect(tagged('vpc', [ours])).toEqual([{ ResourceType: 'vpc', Tags: [ours, ...added] }]);
});
