import { expect, it } from 'vitest';
import { catalogue, isErrorName, RecodeError } from '../../core/errors.ts';

it('explains every error with a headline and whole sentences', () => {
  for (const [name, { title, nextStep }] of Object.entries(catalogue)) {
    expect(title, name).toMatch(/^[A-Z].*[^.]$/);
    expect(nextStep, name).toMatch(/^[A-Z].*\.$/);
  }
});

it('gives an error the name that a state machine matches', () => {
  const error = new RecodeError('NetworkBusy', 'Busy.');
  expect(error.name).toBe('NetworkBusy');
  expect(String(error)).toBe('NetworkBusy: Busy.');
});

it('knows its own names only', () => {
  expect(isErrorName('NetworkBusy')).toBe(true);
  expect(isErrorName('toString')).toBe(false);
});
