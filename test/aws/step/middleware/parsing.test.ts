import * as v from 'valibot';
import { describe, expect, it, vi } from 'vitest';
import { parsing } from '../../../../aws/step/middleware/parsing.ts';
import { Nothing } from '../../../../core/document.ts';
import { invoke } from './invoke.ts';

const greeting = { input: v.object({ name: v.string() }), output: v.object({ greeting: v.string() }) };
const byKind = {
  input: v.object({ kind: v.picklist(['start', 'stop']) }),
  output: { start: v.object({ started: v.literal(true) }), stop: v.object({ stopped: v.literal(true) }) },
};

describe('the input', () => {
  it('reaches the step as its schema makes it', async () => {
    const run = vi.fn(() => ({ greeting: 'Hello' }));
    await invoke(parsing(greeting), run, { name: 'Ada', more: 1 });
    expect(run).toHaveBeenCalledWith({ name: 'Ada' });
  });

  it.each([
    [{ name: 1 }, /^name: /],
    [{}, /^name: /],
    [null, /^The input: /],
  ])('is refused before the step runs, naming the field that is wrong: %j', async (event, message) => {
    const run = vi.fn();
    await expect(invoke(parsing(greeting), run, event)).rejects.toMatchObject({
      name: 'InputNotValid',
      message: expect.stringMatching(message),
    });
    expect(run).not.toHaveBeenCalled();
  });
});

it('names the field of the first option that is wrong, where none of several fits', async () => {
  const failed = v.object({ failure: v.object({ Error: v.string() }) });
  const step = { input: v.union([failed, v.object({ detail: v.string() })]), output: Nothing };
  await expect(invoke(parsing(step), vi.fn(), { failure: {} })).rejects.toThrow(/^failure\.Error: .*received undefined\.$/);
  const list = { input: v.object({ requests: v.array(v.union([v.object({ Error: v.string() }), v.null()])) }), output: Nothing };
  await expect(invoke(parsing(list), vi.fn(), { requests: [{ Error: 1 }] })).rejects.toThrow(/^requests\.0\.Error: /);
});

describe('the result', () => {
  const result = (value: unknown) => invoke(parsing(greeting), () => value, { name: 'Ada' });

  it('leaves as its schema makes it', async () => {
    expect(await result({ greeting: 'Hello', more: 1 })).toEqual({ greeting: 'Hello' });
  });

  it.each([
    [{ greeting: undefined }, /^greeting: .*received undefined\.$/],
    [{ greeting: 1 }, /^greeting: /],
    [undefined, /^The result: /],
  ])('is refused, naming the field that is wrong: %j', async (value, message) => {
    await expect(result(value)).rejects.toMatchObject({ name: 'OutputNotValid', message: expect.stringMatching(message) });
  });

  it('names a field inside of another', async () => {
    const nested = { input: v.object({}), output: v.object({ ids: v.object({ vpcId: v.string() }) }) };
    await expect(invoke(parsing(nested), () => ({ ids: {} }), {})).rejects.toThrow(/^ids\.vpcId: /);
  });

  it('is that of its kind, where a step has one for each', async () => {
    const run = (event: unknown) => ((event as { kind: string }).kind === 'start' ? { started: true } : { started: true });
    expect(await invoke(parsing(byKind), run, { kind: 'start' })).toEqual({ started: true });
    await expect(invoke(parsing(byKind), run, { kind: 'stop' })).rejects.toMatchObject({
      name: 'OutputNotValid',
      message: expect.stringMatching(/^stopped: /),
    });
  });

  it('of a step that makes nothing is nothing', async () => {
    const quiet = { input: v.object({}), output: Nothing };
    expect(await invoke(parsing(quiet), () => undefined, {})).toBeUndefined();
    await expect(invoke(parsing(quiet), () => ({ vpcId: 'vpc-1' }), {})).rejects.toMatchObject({ name: 'OutputNotValid' });
  });
});
