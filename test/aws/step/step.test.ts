import { EC2ServiceException } from '@aws-sdk/client-ec2';
import * as v from 'valibot';
import { afterEach, beforeEach, describe, expect, expectTypeOf, it, vi } from 'vitest';
import { type Clock, lambdaHandler, step } from '../../../aws/step/step.ts';
import { Nothing, Vpc } from '../../../core/document.ts';
import { RecodeError } from '../../../core/errors.ts';
import { warmUp } from '../../../core/warm-up.ts';
import { collectLog, context } from './middleware/invoke.ts';

const made = vi.fn(() => 'a client');
let log: ReturnType<typeof collectLog>;
beforeEach(() => {
  made.mockClear();
  log = collectLog();
});
afterEach(() => log.restore());

const greeting = step({
  input: v.object({ name: v.string() }),
  output: v.object({ greeting: v.string(), now: v.number() }),
  uses: { made },
  async run({ name }, { made, clock }) {
    if (name === 'forbidden')
      throw new EC2ServiceException({ name: 'UnauthorizedOperation', message: 'not you', $fault: 'client', $metadata: {} });
    if (name === 'busy') throw new RecodeError('OperationInProgress', 'A stop is running.', { data: { kind: 'stop' } });
    return { greeting: name === '' ? undefined : `${made} greets ${name}`, now: clock.now() };
  },
});
const invoke = (event: unknown, handler = lambdaHandler(greeting)) => handler(event as never, context as never) as Promise<unknown>;

describe('lambdaHandler', () => {
  it('gives the step what it uses and the time, making the clients once and late', async () => {
    const handler = lambdaHandler(greeting);
    expect(made).not.toHaveBeenCalled();
    expect(await invoke({ name: 'Ada', more: 1 }, handler)).toMatchObject({
      greeting: 'a client greets Ada',
      now: expect.closeTo(Date.now(), -4),
    });
    await invoke({ name: 'Bob' }, handler);
    expect(made).toHaveBeenCalledTimes(1);
  });

  it('logs under the document that the step was given, not only what the step takes of it', async () => {
    await invoke({ name: 'Ada', operation: { executionArn: 'arn:one' } });
    expect(log.lines()).toEqual([expect.objectContaining({ message: 'done', executionArn: 'arn:one' })]);
  });

  it.each([
    ['an input that is not valid', {}, 'InputNotValid'],
    ['a result that is not valid', { name: '' }, 'OutputNotValid'],
    ['what AWS answers', { name: 'forbidden' }, 'PermissionMissing'],
  ])('throws and logs an error of the catalog for %s', async (_, event, name) => {
    await expect(invoke(event)).rejects.toMatchObject({ name });
    expect(log.lines()).toEqual([expect.objectContaining({ message: 'failed', errorName: name })]);
  });

  it('answers an invocation that only starts a sandbox: nothing is made, run or logged', async () => {
    const run = vi.fn(async () => {});
    const quiet = lambdaHandler(step({ input: v.object({}), output: Nothing, uses: { made }, run }));
    expect(await invoke(warmUp, quiet)).toEqual({ warm: true });
    expect(made).not.toHaveBeenCalled();
    expect(run).not.toHaveBeenCalled();
    expect(log.lines()).toEqual([]);
    // It is no invocation of the next one's kind.
    expect(await invoke({}, quiet)).toEqual({ timing: { totalMilliseconds: expect.any(Number) } });
    expect(run).toHaveBeenCalledTimes(1);
  });

  it('throws the data of an error in its message, and logs the message alone', async () => {
    await expect(invoke({ name: 'busy' })).rejects.toThrow('{"message":"A stop is running.","data":{"kind":"stop"}}');
    expect(log.lines()).toEqual([expect.objectContaining({ errorMessage: 'A stop is running.' })]);
  });

  it('fails an invocation, not the loading of the handler, if something it uses cannot be made', async () => {
    const without = lambdaHandler(
      step({
        input: v.object({}),
        output: Nothing,
        uses: {
          settings: () => {
            throw new RecodeError('SettingsNotValid', 'RECODE_VOLUME_SIZE: not a number.');
          },
        },
        run: async () => {},
      }),
    );
    await expect(without({} as never, context as never)).rejects.toMatchObject({ name: 'SettingsNotValid' });
  });
});

// These fail when the types are checked (npm run types); nothing of them happens when the tests run.
describe('the types of a step', () => {
  const input = v.object({ vpc: Vpc });
  const uses = { region: () => 'us-east-1' };

  it('give run what the schema of the input makes, what is used, and the clock', () => {
    step({
      input: v.object({ count: v.pipe(v.string(), v.transform(Number)) }),
      output: Nothing,
      uses,
      async run(given, dependencies) {
        expectTypeOf(given).toEqualTypeOf<{ count: number }>();
        expectTypeOf(dependencies).toEqualTypeOf<{ readonly region: string } & { readonly clock: Clock }>();
        // @ts-expect-error: it does not use EC2
        return dependencies.ec2;
      },
    });
  });

  it('want a result with the fields of the output, each of its type, though it may be missing in what AWS answers', () => {
    const output = Vpc;
    step({ input, output, uses, run: async () => ({ vpcId: 'vpc-1' }) });
    step({ input, output, uses, run: async () => ({ vpcId: undefined as string | undefined }) });
    // @ts-expect-error: a field is missing
    step({ input, output, uses, run: async () => ({}) });
    // @ts-expect-error: a field is of another type
    step({ input, output, uses, run: async () => ({ vpcId: 1 }) });
    // @ts-expect-error: there is no result
    step({ input, output, uses, run: async () => {} });
  });

  it('want no result of a step that makes nothing', () => {
    step({ input, output: Nothing, uses, run: async () => {} });
    // @ts-expect-error: it makes something
    step({ input, output: Nothing, uses, run: async () => ({ vpcId: 'vpc-1' }) });
  });

  it('want an output', () => {
    // @ts-expect-error: there is none
    step({ input, uses, run: async () => {} });
    // @ts-expect-error: it is not a schema
    step({ input, output: { vpcId: v.string() }, uses, run: async () => ({ vpcId: 'vpc-1' }) });
  });

  it('want an output for each kind of input, where a step has one for each', () => {
    const kinds = v.variant('kind', [v.object({ kind: v.literal('start') }), v.object({ kind: v.literal('stop') })]);
    const started = v.object({ instanceId: v.string() });
    step({
      input: kinds,
      output: { start: started, stop: Nothing },
      uses,
      run: async ({ kind }) => (kind === 'start' ? { instanceId: 'i-1' } : undefined),
    });
    // @ts-expect-error: that of a stop is missing
    step({ input: kinds, output: { start: started }, uses, run: async () => ({ instanceId: 'i-1' }) });
    // @ts-expect-error: neither kind makes that
    step({ input: kinds, output: { start: started, stop: Nothing }, uses, run: async () => ({ vpcId: 'vpc-1' }) });
  });
});
