import { describe, expect, it } from 'vitest';
import { type Finding, isWithin, isYoung, leftIn, listed, mostFirst, nothingFound, withFindings } from '../../core/finding.ts';

const finding = (more: Partial<Finding> = {}): Finding => ({
  kind: 'orphan',
  subject: 'volume',
  id: 'vol-1',
  problem: 'It is there.',
  ...more,
});

describe('withFindings', () => {
  it('counts what is fixed, and no other outcome', () => {
    const found = withFindings(nothingFound, [
      finding({ outcome: 'fixed' }),
      finding({ outcome: 'failed' }),
      finding({ outcome: 'refused' }),
      finding(),
    ]);
    expect(found).toMatchObject({ more: 0, fixed: 1 });
    expect(leftIn(found)).toBe(3);
  });

  it('keeps the first, and counts the rest', () => {
    const many = Array.from({ length: mostFirst - 1 }, (_, index) => finding({ id: `vol-${index}` }));
    const full = withFindings(withFindings(nothingFound, many), [finding({ id: 'last' }), finding({ outcome: 'fixed' }), finding()]);
    expect(full.first).toHaveLength(mostFirst);
    expect(full.first.at(-1)?.id).toBe('last');
    expect(full).toMatchObject({ more: 2, fixed: 1 });
    expect(leftIn(full)).toBe(mostFirst + 1);
    expect(withFindings(full, [])).toEqual(full);
  });
});

it('listed leaves out what a state could not pass on: 256 KiB at most', () => {
  // Step Functions' quota is of the state's whole data: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
  const findings = Array.from({ length: 5_000 }, (_, index) => finding({ id: `vol-${index}`, problem: 'é'.repeat(100) }));
  const some = listed(findings);
  expect(some).toEqual(findings.slice(0, some.length));
  expect(some.length).toBeGreaterThan(200);
  expect(Buffer.byteLength(JSON.stringify(some))).toBeLessThan(131_072);
  expect(listed(findings.slice(0, 3))).toHaveLength(3);
});

describe('isWithin', () => {
  it.each([
    ['nothing', 'observe', false],
    ['nothing', 'stop', false],
    ['records', 'observe', true],
    ['records', 'release', true],
    ['records', 'adopt', false],
    ['records', 'repair', false],
    ['all', 'observe', true],
    ['all', 'delete-claim', true],
  ] as const)('of a check that may change %s, the fix %s is %s', (extent, fix, within) => {
    expect(isWithin(extent, fix)).toBe(within);
  });
});

describe('isYoung', () => {
  const now = Date.parse('2026-01-01T12:00:00Z');
  const minutes = (number: number) => now - number * 60_000;
  it.each([
    [minutes(0), true],
    [minutes(15) + 1, true],
    [minutes(15), false],
    [minutes(600), false],
    // EC2 does not tell it of every resource.
    [undefined, false],
  ])('of something made at %s is %s', (createdAt, young) => {
    expect(isYoung(createdAt, now)).toBe(young);
  });
});
