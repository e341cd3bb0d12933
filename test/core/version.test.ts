import { describe, expect, it } from 'vitest';
import { olderSide, publishedVersion } from '../../core/version.ts';

describe('publishedVersion', () => {
  it.each([
    ['Start a development environment (recode 0.1.0)', '0.1.0'],
    ['Start a development environment (recode 1.12.0-beta.3)', '1.12.0-beta.3'],
    ['Start a development environment', undefined],
    ['Start (recode 0.1.0) a development environment', undefined],
    ['', undefined],
  ])('reads of "%s": %s', (comment, version) => {
    expect(publishedVersion(comment)).toBe(version);
  });
});

describe('olderSide', () => {
  it.each([
    ['0.1.0', '0.1.0', undefined],
    ['0.1.0', '0.1.9', undefined],
    ['0.1.9', '0.1.0', undefined],
    ['1.0.0', '1.0.0-beta.1', undefined],
    ['0.1.9', '0.2.0', 'cli'],
    ['0.9.0', '0.10.0', 'cli'],
    ['1.9.0', '2.0.0', 'cli'],
    ['0.2.0', '0.1.9', 'stack'],
    ['0.10.0', '0.9.0', 'stack'],
    ['2.0.0', '1.9.0', 'stack'],
    ['0.0.1', undefined, 'stack'],
    ['0.0.1', 'latest', 'stack'],
  ] as const)('of the CLI %s and the stack %s: %s', (cli, stack, older) => {
    expect(olderSide(cli, stack)).toBe(older);
  });
});
