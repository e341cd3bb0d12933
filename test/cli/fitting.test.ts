import { describe, expect, it } from 'vitest';
import { fittingColumns } from '../../cli/fitting.ts';

const repository = { heading: 'REPOSITORY', cells: ['recode-sh/workspace', 'acme/api'] };
const status = { heading: 'STATUS', cells: ['started', 'stopped'] };
const address = { heading: 'ADDRESS', cells: ['203.0.113.7', '-'], dispensable: 2 };
const updated = { heading: 'UPDATED', cells: ['15s ago', '3m ago'], dispensable: 1 };
const all = [repository, status, address, updated];
const headings = (width: number | undefined) => fittingColumns(all, width).map(({ heading }) => heading);

describe('the columns of a list', () => {
  it('are all there where nothing limits the width', () => {
    expect(fittingColumns(all, undefined)).toEqual(all);
    expect(fittingColumns([], 0)).toEqual([]);
  });

  // 19 + 2 + 7 + 2 + 11 + 2 + 7
  it.each([
    [50, ['REPOSITORY', 'STATUS', 'ADDRESS', 'UPDATED']],
    [49, ['REPOSITORY', 'STATUS', 'UPDATED']],
    [37, ['REPOSITORY', 'STATUS', 'UPDATED']],
    [36, ['REPOSITORY', 'STATUS']],
    [28, ['REPOSITORY', 'STATUS']],
  ])('are as many as fit in %d', (width, expected) => {
    expect(headings(width)).toEqual(expected);
  });

  it('cut the first one where those that stay are too wide', () => {
    expect(fittingColumns(all, 20)).toEqual([{ heading: 'REPOSITORY', cells: ['recode-sh/…', 'acme/api'] }, status]);
  });
});
