import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { EnvironmentName, parseName } from '../../core/environment-name.ts';
import { candidateNames, resourceName } from '../../core/names.ts';

describe('parseName', () => {
  it.each(['a', 'billing', 'api-2', '2-api', 'x'.repeat(160)])('takes %s as it is', (name) => {
    expect(parseName(name)).toBe(name);
    expect(v.is(EnvironmentName, name)).toBe(true);
  });

  it.each([
    ['Billing API', 'billing-api'],
    ['acme/api', 'acme-api'],
    ['-api-', 'api'],
    ['api--2', 'api-2'],
    ['größe', 'gr-e'],
    ['x'.repeat(161), 'x'.repeat(160)],
    ['', 'api-tests'],
    ['---', 'api-tests'],
  ])('refuses %s, and says what would be taken', (text, example) => {
    expect(v.is(EnvironmentName, text)).toBe(false);
    expect(() => parseName(text)).toThrow(
      expect.objectContaining({ name: 'NameNotValid', message: expect.stringMatching(new RegExp(`for example ${example}\\.$`)) }),
    );
  });

  it('takes every name that an environment gets by itself', () => {
    for (const name of candidateNames({ owner: 'Alice@Example.com', repository: 'Acme/Api_2' })) expect(parseName(name)).toBe(name);
  });

  it('leaves room for the names of resources: AWS takes 255 characters', () => {
    expect(resourceName('x'.repeat(160), 'network-interface').length).toBeLessThanOrEqual(255);
  });
});
