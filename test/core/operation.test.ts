import { describe, expect, it } from 'vitest';
import { judgeHolder, settleSeconds } from '../../core/operation.ts';

const startedAt = '2026-01-01T00:00:00.000Z';
const operation = {
  executionArn: 'arn:aws:states:us-east-1:000000000000:execution:recode-start:one',
  kind: 'start',
  owner: 'alice',
  startedAt,
} as const;
const began = Date.parse(startedAt);

describe('judgeHolder', () => {
  it('takes a running execution for holding, however long it runs', () => {
    expect(judgeHolder(operation, { state: 'running' }, began + 86_400_000)).toBe('held');
  });

  it('lets nobody in before the last Lambda of a closed execution must be dead', () => {
    const closedAt = began + 10_000;
    expect(judgeHolder(operation, { state: 'closed', closedAt }, closedAt + settleSeconds * 1000 - 1)).toBe('settling');
    expect(judgeHolder(operation, { state: 'closed', closedAt }, closedAt + settleSeconds * 1000)).toBe('closed');
  });

  it('takes an unknown execution for running until it is 15 minutes old', () => {
    expect(judgeHolder(operation, { state: 'unknown' }, began + 15 * 60_000 - 1)).toBe('held');
    expect(judgeHolder(operation, { state: 'unknown' }, began + 15 * 60_000)).toBe('closed');
  });
});
