import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { logging } from '../../../../aws/step/middleware/logging.ts';
import { RecodeError } from '../../../../core/errors.ts';
import { collectLog, context, invoke } from './invoke.ts';

let log: ReturnType<typeof collectLog>;
beforeEach(() => {
  log = collectLog();
});
afterEach(() => log.restore());

const environment = { owner: 'alice', repository: 'acme/api' };
const done = (event: unknown, middleware = logging()) => invoke(middleware as never, () => 'a result', event);
const failed = (error: unknown, event: unknown) =>
  expect(
    invoke(
      logging() as never,
      () => {
        throw error;
      },
      event,
    ),
  ).rejects.toBe(error);

describe('logging', () => {
  it.each([
    ['a step of an operation', { operation: { executionArn: 'arn:one' }, environment }, 'arn:one', 'alice/acme/api'],
    ['a step of an uninstall', { operation: { executionArn: 'arn:one' } }, 'arn:one', undefined],
    ['BeginOperation', { executionArn: 'arn:one', input: { caller: 'bob', environment } }, 'arn:one', 'alice/acme/api'],
    ['BeginOperation of an uninstall', { executionArn: 'arn:one', input: { caller: 'bob' } }, 'arn:one', undefined],
    ['a step before the operation has begun', { caller: 'bob', environment }, undefined, 'alice/acme/api'],
    ['an event of EventBridge', { detail: { executionArn: 'arn:one' } }, 'arn:one', undefined],
    ['an input that names neither', {}, undefined, undefined],
    ['an input that is none of ours', { operation: 'one', environment: 7 }, undefined, undefined],
  ])('logs %s under what it is about', async (_, event, executionArn, about) => {
    expect(await done(event)).toBe('a result');
    const [line] = log.lines();
    expect(line).toMatchObject({ message: 'done', step: context.functionName, requestId: 'request-1' });
    expect([line?.executionArn, line?.environment]).toEqual([executionArn, about]);
  });

  it('logs nothing of the invocation before', async () => {
    const middleware = logging();
    await done({ operation: { executionArn: 'arn:one' }, environment }, middleware);
    await done({}, middleware);
    const [, line] = log.lines();
    expect(line).not.toHaveProperty('executionArn');
    expect(line).not.toHaveProperty('environment');
  });

  it('logs a failure as a warning, with its cause', async () => {
    const error = new RecodeError('NetworkBusy', 'Busy.', { cause: new Error('the cause') });
    await failed(error, { operation: { executionArn: 'arn:one' }, environment });
    expect(log.lines()).toEqual([
      expect.objectContaining({
        level: 'WARN',
        message: 'failed',
        executionArn: 'arn:one',
        environment: 'alice/acme/api',
        errorName: 'NetworkBusy',
        errorMessage: 'Busy.',
        cause: expect.objectContaining({ message: 'the cause' }),
      }),
    ]);
  });

  it('logs a failure that nobody expects as an error, for the metric of logged errors', async () => {
    await failed(new RecodeError('Unexpected', 'TypeError: x is undefined'), {});
    expect(log.lines()).toEqual([expect.objectContaining({ level: 'ERROR', errorName: 'Unexpected' })]);
  });
});
