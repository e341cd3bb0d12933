import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DescribeExecutionCommand, ListExecutionsCommand, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { describe, expect, it } from 'vitest';
import type { DueEnvironment } from '../../../core/document.ts';
import { requestStop } from '../../../functions/upkeep/request-stop.ts';
import { type TestAccount, testAccount } from '../account.ts';

const executionArn = 'arn:aws:states:us-east-1:000000000000:execution:recode-auto-stop:sweep';
const stateMachineArn = 'arn:aws:states:us-east-1:000000000000:stateMachine:recode-stop';
const window = 5 * 60_000;

/** An account whose stop workflow does nothing but run. */
async function waitingAccount(name = 'recode-stop'): Promise<TestAccount> {
  const packageDirectory = mkdtempSync(join(tmpdir(), 'recode-request-stop-'));
  const definition = { StartAt: 'Wait', States: { Wait: { Type: 'Wait', Seconds: 86_400, End: true } } };
  const machine = {
    Type: 'AWS::StepFunctions::StateMachine',
    Properties: { StateMachineName: name, DefinitionString: JSON.stringify(definition) },
  };
  writeFileSync(join(packageDirectory, 'cloudformation-template-update-stack.json'), JSON.stringify({ Resources: { Stop: machine } }));
  const account = await testAccount({ packageDirectory });
  account.stopClock();
  return account;
}

/** An environment that was due so long ago. */
function due({ aws }: TestAccount, ago: number, fields: Partial<DueEnvironment> = {}): DueEnvironment {
  const stopAt = new Date(aws.clock.now() - ago).toISOString();
  return { owner: 'alice', repository: 'acme/api', uid: 'f0e1d2c3-0000-4000-8000-000000000001', stopAt, ...fields };
}

const request = (account: TestAccount, ...environments: DueEnvironment[]) => account.run(requestStop, { executionArn, environments });

async function started({ aws }: TestAccount): Promise<{ executionArn: string; name: string }[]> {
  const { executions = [] } = await aws.clients.sfn.send(new ListExecutionsCommand({ stateMachineArn }));
  return executions.map(({ executionArn = '', name = '' }) => ({ executionArn, name })).reverse();
}
const close = ({ aws }: TestAccount, arn: string) => aws.clients.sfn.send(new StopExecutionCommand({ executionArn: arn }));

describe('requestStop', () => {
  it('starts the stop of an environment at the time it is due, as nobody’s', async () => {
    await using account = await waitingAccount();
    const environment = due(account, 0);
    expect(await request(account, environment)).toEqual({ requested: 1 });
    const [stop] = await started(account);
    const seconds = Math.floor(Date.parse(environment.stopAt) / 1000);
    expect(stop?.name).toBe(`auto-stop-${environment.uid}-${seconds}-1`);
    expect(stop?.name.length).toBeLessThanOrEqual(80);
    const { input = '' } = await account.aws.clients.sfn.send(new DescribeExecutionCommand({ executionArn: stop?.executionArn }));
    expect(JSON.parse(input)).toEqual({
      environment: { owner: 'alice', repository: 'acme/api' },
      due: { uid: environment.uid, stopAt: environment.stopAt },
    });
  });

  it('asks once, however many sweeps there are in five minutes, while the stop runs and when it has ended', async () => {
    await using account = await waitingAccount();
    const environment = due(account, 0);
    await Promise.all([request(account, environment), request(account, environment)]);
    await request(account, environment);
    const [stop] = await started(account);
    await close(account, stop?.executionArn ?? '');
    account.aws.clock.advance(window - 1);
    expect(await request(account, environment)).toEqual({ requested: 1 });
    expect(await started(account)).toHaveLength(1);
  });

  it('asks again five minutes later for what has not stopped', async () => {
    await using account = await waitingAccount();
    const environment = due(account, 0);
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      await request(account, environment);
      account.aws.clock.advance(window);
    }
    expect((await started(account)).map(({ name }) => name.slice(-2))).toEqual(['-1', '-2', '-3']);
  });

  it('asks for each environment, and for each of its times', async () => {
    await using account = await waitingAccount();
    const environments = [due(account, 0), due(account, 1_000), due(account, 0, { uid: 'f0e1d2c3-0000-4000-8000-000000000002' })];
    expect(await request(account, ...environments)).toEqual({ requested: 3 });
    expect(new Set((await started(account)).map(({ name }) => name)).size).toBe(3);
  });

  it('asks for the others where one cannot be asked for, fails then, and asks for that one when it is repeated', async () => {
    await using account = await waitingAccount();
    const environments = ['1', '2', '3'].map((uid) => due(account, 0, { uid }));
    await account.aws.post('faults', {
      service: 'states',
      action: 'StartExecution',
      kind: 'error',
      code: 'AccessDeniedException',
      skip: 1,
    });
    expect((await account.refusal(requestStop, { executionArn, environments })).name).toBe('PermissionMissing');
    expect((await started(account)).map(({ name }) => name.split('-')[2])).toEqual(['1', '3']);
    expect(await request(account, ...environments)).toEqual({ requested: 3 });
    expect((await started(account)).map(({ name }) => name.split('-')[2])).toEqual(['1', '3', '2']);
  });

  it('is content with a stop whose answer was lost', async () => {
    await using account = await waitingAccount();
    await account.aws.post('faults', { service: 'states', action: 'StartExecution', kind: 'lost-answer' });
    await request(account, due(account, 0));
    expect(await account.aws.get('faults')).toEqual({ faults: [] });
    expect(await started(account)).toHaveLength(1);
  });

  it('says where there is no stop workflow', async () => {
    await using account = await waitingAccount('another');
    const refusal = await account.refusal(requestStop, { executionArn, environments: [due(account, 0)] });
    expect(refusal.message).toContain('State Machine Does Not Exist');
  });
});
