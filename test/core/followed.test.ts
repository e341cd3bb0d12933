import { expect, it } from 'vitest';
import type { Environment } from '../../core/environment.ts';
import { look, nothingShown } from '../../core/followed.ts';
import type { Operation } from '../../core/operation.ts';

const operation = (name: string): Operation => ({
  executionArn: `arn:aws:states:us-east-1:111122223333:execution:recode-start:${name}`,
  kind: 'start',
  owner: 'alice',
  startedAt: '2026-11-29T12:00:00.000Z',
});
const mine = operation('mine');
const other = operation('other');
const ended = { endedAt: '2026-11-29T12:01:00.000Z' };

type Record = Pick<Environment, 'lock' | 'lastOperations'> | undefined;
const free: Record = {};
const held: Record = { lock: mine };
const heldByAnother: Record = { lock: other };
const quiet: Record = { lock: { quietUntil: 1_764_417_600_000 } };
const released: Record = {
  lastOperations: [
    { ...other, ...ended },
    { ...mine, ...ended },
  ],
};
const takenOver: Record = { lock: other, lastOperations: [mine] };

const isOver = (...records: Record[]) => records.reduce((shown, record) => look(shown, record, mine), nothingShown).over;

it.each<[string, Record[]]>([
  ['released the record', [free, held, free]],
  ['released it after a failure', [held, quiet]],
  ['is among the past operations, though nobody saw it hold the record', [free, released]],
  ['lost the record to another operation', [held, heldByAnother]],
  ['was taken over by another operation', [takenOver]],
  ['deleted the record', [held, undefined]],
  ['deleted the record between two looks', [free, undefined]],
  ['had ended once, whatever follows', [held, free, held]],
])('an operation is over that %s', (_, records) => {
  expect(isOver(...records)).toBe(true);
});

it.each<[string, Record[]]>([
  ['there is no record yet', [undefined, undefined]],
  ['nobody holds the record yet', [free, free]],
  ['another one still holds the record', [heldByAnother, free]],
  ['it holds the record', [undefined, held, held]],
])('an operation is not over while %s', (_, records) => {
  expect(isOver(...records)).toBe(false);
});
