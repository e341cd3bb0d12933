import { expect, it } from 'vitest';
import { explanations } from '../../cli/explanations.ts';

it('explains every error with a headline and whole sentences', () => {
  for (const [name, { title, nextStep }] of Object.entries(explanations)) {
    expect(title, name).toMatch(/^[A-Z].*[^.]$/);
    expect(nextStep, name).toMatch(/^[A-Z].*\.$/);
  }
});
