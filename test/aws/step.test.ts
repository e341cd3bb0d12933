import { EC2ServiceException } from '@aws-sdk/client-ec2';
import * as v from 'valibot';
import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from 'vitest';
import { lambdaHandler, step } from '../../aws/step.ts';
import { RecodeError } from '../../core/errors.ts';

const context = { functionName: 'recode-prod-createVpc', awsRequestId: 'request-1' };
const made = vi.fn(() => 'a client');
const lines: string[] = [];
let spies: MockInstance[];

beforeEach(() => {
  vi.stubEnv('POWERTOOLS_DEV', 'true'); // the logger writes to the global console, not to standard output itself
  made.mockClear();
  lines.length = 0;
  spies = (['info', 'warn', 'error'] as const).map((level) =>
    vi.spyOn(console, level).mockImplementation((line: string) => void lines.push(line)),
  );
});
afterEach(() => {
  for (const spy of spies) spy.mockRestore();
  vi.unstubAllEnvs();
});

const greeting = step({
  input: v.object({ name: v.string() }),
  uses: { made },
  async run({ name }, { made, clock }) {
    if (name === 'throttled')
      throw new EC2ServiceException({ name: 'RequestLimitExceeded', message: 'slow down', $fault: 'client', $metadata: {} });
    return { greeting: `${made} greets ${name}`, now: clock.now() };
  },
});
const invoke = (event: unknown, handler = lambdaHandler(greeting)) => handler(event as never, context as never) as Promise<unknown>;

describe('lambdaHandler', () => {
  it('gives the step its clients and the time, making the clients once and late', async () => {
    const handler = lambdaHandler(greeting);
    expect(made).not.toHaveBeenCalled();
    expect(await invoke({ name: 'Ada', more: 1 }, handler)).toMatchObject({
      greeting: 'a client greets Ada',
      now: expect.closeTo(Date.now(), -4),
    });
    await invoke({ name: 'Bob' }, handler);
    expect(made).toHaveBeenCalledTimes(1);
  });

  it('names the field of the input that is wrong', async () => {
    await expect(invoke({ name: 1 })).rejects.toMatchObject({ name: 'InputNotValid', message: expect.stringMatching(/^name: /) });
  });

  it('throws errors of the catalogue for what AWS answers', async () => {
    await expect(invoke({ name: 'throttled' })).rejects.toMatchObject({ name: 'RequestThrottled' });
  });

  it('throws the data of an error in its message, and logs the message alone', async () => {
    const run = async () => {
      throw new RecodeError('OperationInProgress', 'A stop is running.', { data: { kind: 'stop' } });
    };
    const message = '{"message":"A stop is running.","data":{"kind":"stop"}}';
    await expect(invoke({}, lambdaHandler(step({ input: v.object({}), uses: {}, run })))).rejects.toMatchObject({
      name: 'OperationInProgress',
      message,
    });
    expect(lines.map((line) => JSON.parse(line))).toEqual([expect.objectContaining({ errorMessage: 'A stop is running.' })]);
  });

  it('leaves the encoded part of a refusal to the log', async () => {
    const handler = lambdaHandler(
      step({
        input: v.object({}),
        uses: {},
        run: async () => {
          const message = 'You are not authorized. Encoded authorization failure message: 4Ai9qvVQYCx3';
          throw new EC2ServiceException({ name: 'UnauthorizedOperation', message, $fault: 'client', $metadata: { httpStatusCode: 403 } });
        },
      }),
    );
    const error = await invoke({}, handler).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'PermissionMissing' });
    expect(String(error)).toContain('it is in the log of the function recode-prod-createVpc');
    expect(String(error)).not.toContain('4Ai9qvVQYCx3');
    expect(lines.join()).toContain('4Ai9qvVQYCx3');
  });

  it('logs each failure under the execution and the environment', async () => {
    const event = { name: 'throttled', operation: { executionArn: 'arn:one' }, environment: { owner: 'alice', repository: 'acme/api' } };
    await expect(invoke(event)).rejects.toThrow();
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({
        step: context.functionName,
        executionArn: 'arn:one',
        environment: 'alice/acme/api',
        errorName: 'RequestThrottled',
      }),
    ]);
  });

  const environment = { owner: 'alice', repository: 'acme/api' };
  it.each([
    ['a step of an operation', { operation: { executionArn: 'arn:one' }, environment }, 'arn:one', 'alice/acme/api'],
    ['a step of an uninstall', { operation: { executionArn: 'arn:one' }, environment: null }, 'arn:one', undefined],
    ['BeginOperation', { executionArn: 'arn:one', input: { caller: 'bob', environment } }, 'arn:one', 'alice/acme/api'],
    ['BeginOperation of an uninstall', { executionArn: 'arn:one', input: { caller: 'bob' } }, 'arn:one', undefined],
    ['a step before the operation has begun', { caller: 'bob', environment }, undefined, 'alice/acme/api'],
    ['an input that names neither', {}, undefined, undefined],
    ['an input that is none of ours', { operation: 'one', environment: 7 }, undefined, undefined],
  ])('logs %s under what it is about', async (_, event, executionArn, about) => {
    await invoke({ name: 'Ada', ...event });
    const [line] = lines.map((text) => JSON.parse(text) as Record<string, unknown>);
    expect(line).toMatchObject({ message: 'done', step: context.functionName, requestId: 'request-1' });
    expect([line?.executionArn, line?.environment]).toEqual([executionArn, about]);
  });

  it('logs nothing of the invocation before', async () => {
    const handler = lambdaHandler(greeting);
    await invoke({ name: 'Ada', operation: { executionArn: 'arn:one' }, environment }, handler);
    await invoke({ name: 'Bob' }, handler);
    const [, line] = lines.map((text) => JSON.parse(text) as Record<string, unknown>);
    expect(line).not.toHaveProperty('executionArn');
    expect(line).not.toHaveProperty('environment');
  });
});
