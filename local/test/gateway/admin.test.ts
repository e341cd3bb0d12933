import { ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect, it, vi } from 'vitest';
import { AwsFailure } from '../../src/service.ts';
import { authorization, sandboxKey, useGateway } from './use-gateway.ts';

const { actAs, clientOf, crashed, handled, local, raw } = useGateway();

describe('/_local', () => {
  it('passes JSON to a setting, and returns its result', async () => {
    expect(await local('echo', 'POST', { a: 1 })).toEqual({ status: 200, json: { method: 'POST', body: { a: 1 } } });
    expect(await local('echo?x=1')).toEqual({ status: 200, json: { method: 'GET' } });
    expect(await local('nothing', 'DELETE')).toEqual({ status: 200, json: {} });
  });

  it('refuses unknown settings, other methods, and a body that is not JSON', async () => {
    expect(await local('toString')).toMatchObject({
      status: 404,
      json: { message: expect.stringContaining('calls, clock, echo, faults') },
    });
    expect(await local('echo', 'PUT', {})).toMatchObject({ status: 405 });
    expect(await local('echo', 'POST', '{')).toMatchObject({ status: 400, json: { message: expect.stringContaining('not JSON') } });
  });

  it('moves the clock', async () => {
    const before = (await local('clock')).json.now as number;
    const { now, rate } = (await local('clock', 'POST', { advanceMilliseconds: 60_000, rate: 10 })).json as { now: number; rate: number };
    expect(now - before).toBeGreaterThanOrEqual(60_000);
    expect(rate).toBe(10);
    expect(await local('clock', 'POST', { rate: 1 })).toMatchObject({ json: { rate: 1 } });
    expect(await local('clock', 'POST', { skips: true })).toMatchObject({ json: { rate: 1, skips: true } });
    expect(await local('clock', 'POST', { skips: false })).toMatchObject({ json: { skips: false } });
    expect(await local('clock', 'POST', { advanceMilliseconds: -1 })).toMatchObject({ status: 400 });
    expect(await local('clock', 'POST', { minutes: 1 })).toMatchObject({
      status: 400,
      json: { message: expect.stringContaining('minutes') },
    });
  });
});

describe('/_local/calls', () => {
  it('lists every call, its caller and its outcome', async () => {
    await clientOf().send(new ListTablesCommand({}));
    actAs(() => {
      throw new AwsFailure('LimitExceededException', 'Too many.');
    });
    await expect(clientOf(sandboxKey).send(new ListTablesCommand({}))).rejects.toThrow();
    await raw({ authorization: authorization('dynamodb', 'bob', 'eu-west-1') }, '{}');
    const call = { service: 'dynamodb', action: 'ListTables', region: 'us-east-1' };
    expect((await local('calls')).json.calls).toEqual([
      { sequence: 1, ...call, accessKeyId: 'alice', outcome: 'ok' },
      { sequence: 2, ...call, accessKeyId: 'SANDBOX', functionName: 'createVpc', outcome: 'LimitExceededException' },
      { sequence: 3, ...call, action: '', accessKeyId: 'bob', region: 'eu-west-1', outcome: 'UnknownOperationException' },
    ]);
  });

  it('forgets the calls on DELETE, and continues to count', async () => {
    await clientOf().send(new ListTablesCommand({}));
    expect(await local('calls', 'DELETE')).toMatchObject({ json: { calls: [] } });
    await clientOf().send(new ListTablesCommand({}));
    expect((await local('calls')).json.calls).toMatchObject([{ sequence: 2 }]);
  });
});

describe('a fault', () => {
  const fault = (more: object) => local('faults', 'POST', { service: 'dynamodb', action: 'ListTables', ...more });
  const outcomes = async () => ((await local('calls')).json.calls as { outcome: string }[]).map(({ outcome }) => outcome);

  it('answers with an error without a call of the service', async () => {
    await fault({ kind: 'error', code: 'ThrottlingException', message: 'Slow down.', status: 400 });
    await expect(clientOf().send(new ListTablesCommand({}))).rejects.toMatchObject({ name: 'ThrottlingException', message: 'Slow down.' });
    expect(handled()).toBe(0);
    await clientOf().send(new ListTablesCommand({}));
    expect(await outcomes()).toEqual(['ThrottlingException', 'ok']);
  });

  it('answers with an error after the call took effect', async () => {
    await fault({ kind: 'error', code: 'ThrottlingException', effect: true });
    await expect(clientOf().send(new ListTablesCommand({}))).rejects.toMatchObject({ name: 'ThrottlingException' });
    expect(handled()).toBe(1);
    expect(await outcomes()).toEqual(['ThrottlingException']);
  });

  it('kills the sandbox before the call takes effect', async () => {
    await fault({ kind: 'crash-before' });
    await expect(clientOf(sandboxKey).send(new ListTablesCommand({}))).rejects.toThrow(/socket hang up|ECONNRESET/);
    expect(crashed()).toEqual(['SANDBOX after 0 calls']);
    expect(handled()).toBe(0);
    expect(await outcomes()).toEqual(['crash-before']);
  });

  it('kills the sandbox after the call took effect', async () => {
    await fault({ kind: 'crash-after' });
    await expect(clientOf(sandboxKey).send(new ListTablesCommand({}))).rejects.toThrow(/socket hang up|ECONNRESET/);
    expect(crashed()).toEqual(['SANDBOX after 1 calls']);
    expect(await outcomes()).toEqual(['crash-after']);
  });

  it('that crashes a sandbox ignores other callers', async () => {
    await fault({ kind: 'crash-before' });
    await clientOf().send(new ListTablesCommand({}));
    expect(crashed()).toEqual([]);
    expect((await local('faults')).json.faults).toHaveLength(1);
  });

  it('loses the answer of a call that took effect, so the client repeats it', async () => {
    await fault({ kind: 'lost-answer' });
    await clientOf('alice', 2).send(new ListTablesCommand({}));
    expect(handled()).toBe(2);
    expect(await outcomes()).toEqual(['lost-answer', 'ok']);
  });

  it('delays a call by the clock', async () => {
    await fault({ kind: 'delay', milliseconds: 3_600_000 });
    let answered = false;
    const call = clientOf()
      .send(new ListTablesCommand({}))
      .then(() => {
        answered = true;
      });
    await vi.waitFor(async () => expect((await local('faults')).json.faults).toEqual([]));
    await local('clock', 'POST', { advanceMilliseconds: 3_599_000 });
    expect({ answered, handled: handled() }).toEqual({ answered: false, handled: 0 });
    await local('clock', 'POST', { advanceMilliseconds: 1000 });
    await call;
    expect(handled()).toBe(1);
  });
});
