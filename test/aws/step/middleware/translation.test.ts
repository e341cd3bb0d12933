import { EC2ServiceException } from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { dataInMessage, translation } from '../../../../aws/step/middleware/translation.ts';
import { RecodeError } from '../../../../core/errors.ts';
import { context, invoke } from './invoke.ts';

const $metadata = { httpStatusCode: 400 };
const throwing = (error: unknown) => () => {
  throw error;
};
/** The error that a failure of a step becomes. */
const failure = (error: unknown) =>
  invoke(translation() as never, throwing(error), {}).then(
    () => undefined,
    (reason: unknown) => reason,
  );

describe('translation', () => {
  it('throws errors of the catalog for what AWS answers', async () => {
    const throttled = new EC2ServiceException({ name: 'RequestLimitExceeded', message: 'slow down', $fault: 'client', $metadata });
    expect(await failure(throttled)).toMatchObject({ name: 'RequestThrottled', cause: throttled });
  });

  it('leaves an error of the catalog as it is', async () => {
    const busy = new RecodeError('NetworkBusy', 'Busy.');
    expect(await failure(busy)).toBe(busy);
  });

  it('makes a bug an unexpected error', async () => {
    expect(await failure(new TypeError('x is undefined'))).toMatchObject({ name: 'Unexpected', message: 'TypeError: x is undefined' });
  });

  it('names the function whose log has what the message leaves out', async () => {
    const message = 'You are not authorized. Encoded authorization failure message: 4Ai9qvVQYCx3';
    const refused = new EC2ServiceException({ name: 'UnauthorizedOperation', message, $fault: 'client', $metadata });
    const error = await failure(refused);
    expect(error).toMatchObject({ name: 'PermissionMissing' });
    expect(String(error)).toContain(`it is in the log of the function ${context.functionName}`);
    expect(String(error)).not.toContain('4Ai9qvVQYCx3');
  });
});

describe('dataInMessage', () => {
  const thrown = (error: unknown) => invoke(dataInMessage(), throwing(error), {});

  it('throws the data of an error in its message', async () => {
    const error = new RecodeError('OperationInProgress', 'A stop is running.', { data: { kind: 'stop' } });
    await expect(thrown(error)).rejects.toMatchObject({
      name: 'OperationInProgress',
      message: '{"message":"A stop is running.","data":{"kind":"stop"}}',
    });
  });

  it('leaves an error without data as it is', async () => {
    const busy = new RecodeError('NetworkBusy', 'Busy.');
    await expect(thrown(busy)).rejects.toBe(busy);
  });
});
