import { expect, it } from 'vitest';
import { parseRepository } from '../../core/repository.ts';

it.each(['acme/api', 'recode-sh/workspace', 'A/b.c_d-e', `a/${'x'.repeat(100)}`])('accepts %s', (text) => {
  expect(parseRepository(text)).toBe(text);
});

it.each([
  '',
  '/',
  'acme/',
  '/api',
  'a/b/c',
  'acme/..',
  'acme/.',
  '-acme/api',
  'ac--me/api',
  'acme-/api',
  'acme/a b',
  'acme/ä',
  `a/${'x'.repeat(101)}`,
  'https://github.com/acme/api',
])('refuses "%s"', (text) => {
  expect(() => parseRepository(text)).toThrow(expect.objectContaining({ name: 'RepositoryNotValid' }));
});

it('tells whoever gives a bare name why that is not enough', () => {
  expect(() => parseRepository('api')).toThrow(/whose repository/);
});
