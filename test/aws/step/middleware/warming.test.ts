import { describe, expect, it, vi } from 'vitest';
import { warming } from '../../../../aws/step/middleware/warming.ts';
import { warmUp } from '../../../../core/warm-up.ts';
import { invoke } from './invoke.ts';

describe('warming', () => {
  it('answers an invocation that only starts a sandbox, without the step', async () => {
    const run = vi.fn();
    expect(await invoke(warming(), run, warmUp)).toEqual({ warm: true });
    expect(run).not.toHaveBeenCalled();
  });

  it.each([
    {},
    null,
    'warmUp',
    { warmUp: false },
    { warmUp: 'true' },
    { environment: { warmUp: true } },
    { owner: 'alice', repository: 'acme/api' },
  ])('lets the step have every other input: %j', async (event) => {
    const run = vi.fn(() => 'a result');
    expect(await invoke(warming(), run, event)).toBe('a result');
    expect(run).toHaveBeenCalledExactlyOnceWith(event);
  });

  it('keeps what comes after it from seeing the invocation', async () => {
    const later = { before: vi.fn(), after: vi.fn(), onError: vi.fn() };
    expect(await invoke([warming(), later], vi.fn(), warmUp)).toEqual({ warm: true });
    for (const hook of Object.values(later)) expect(hook).not.toHaveBeenCalled();
  });
});
