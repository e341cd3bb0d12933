import { describe, expect, it } from 'vitest';
import { candidateNames, environmentId, resourceName, slug } from '../../core/names.ts';

describe('slug', () => {
  it.each([
    ['recode-sh/workspace', 'recode-sh-workspace'],
    ['Acme/API_v2.0', 'acme-api-v2-0'],
    ['acme/--x--', 'acme-x'],
  ])('makes %s into %s', (repository, expected) => {
    expect(slug(repository)).toBe(expected);
  });
});

describe('candidateNames', () => {
  const environment = { owner: 'alice@example.com', repository: 'acme/api' };

  it('prefers the plain slug, then adds the owner, then a hash', () => {
    const [plain, owned, hashed] = candidateNames(environment);
    expect(plain).toBe('acme-api');
    expect(owned).toBe('acme-api-alice-example-com');
    expect(hashed).toMatch(/^acme-api-alice-example-com-[0-9a-f]{8}$/);
  });

  it('gives two owners different last resorts', () => {
    expect(candidateNames(environment)[2]).not.toBe(candidateNames({ ...environment, owner: 'alice-example-com' })[2]);
  });

  it('stays within the length of a security group name, whatever the repository', () => {
    const long = { owner: 'o'.repeat(128), repository: `${'a'.repeat(39)}/${'b'.repeat(100)}` };
    for (const name of candidateNames(long)) expect(resourceName(name, 'network-interface').length).toBeLessThanOrEqual(255);
    expect(new Set(candidateNames(long)).size).toBe(3);
  });
});

it('keys an environment by owner and repository, ignoring the case that GitHub ignores', () => {
  expect(environmentId({ owner: 'Alice', repository: 'Acme/API' })).toBe('Alice/acme/api');
});
