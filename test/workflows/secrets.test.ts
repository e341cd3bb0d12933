import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { ListExecutionsCommand, paginateGetExecutionHistory } from '@aws-sdk/client-sfn';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { personalWorkflows, stateMachineArn } from '../../core/executions.ts';
import { tableName } from '../../core/names.ts';
import { keyPairFrom } from '../../core/openssh-key.ts';
import { begin, deployedAws, ended, runRemove, runStart, runStop, runUninstall } from '../harness/workflows.ts';

let aws: TestAws;
beforeAll(async () => {
  aws = await deployedAws();
});
afterAll(() => aws.stop());

const subject = { caller: 'alice', environment: { owner: 'alice', repository: 'acme/api' } };

// What a private key in OpenSSH's format begins with, as text and in base64: "openssh-key-v1".
const secrets = [/PRIVATE KEY/, /b3BlbnNzaC1rZXktdjE/, /openssh-key-v1/];

it('keeps private keys out of inputs, outputs, histories, logs and the table', async () => {
  const succeeded = await runStart(aws);
  await aws.post('ec2', { launches: [{ outcome: 'terminated', reason: 'Server.InternalError' }] });
  const failed = await runStart(aws, { repository: 'acme/other' });
  const stopped = await runStop(aws);
  // It renders the user data, which has the private half of the host key, with another key.
  const added = await begin(aws, 'keys', {
    ...subject,
    change: { action: 'add', publicKey: keyPairFrom(Buffer.alloc(32, 2), '').publicKey },
  });
  const again = [await ended(aws, added), await runStart(aws)].map(({ status }) => status);
  expect(again).toEqual(['SUCCEEDED', 'SUCCEEDED']);
  const removed = await runRemove(aws, { repository: 'acme/other' });
  const refused = await runUninstall(aws);
  const ends = [succeeded, failed, stopped, removed, refused].map(({ status }) => status);
  expect(ends).toEqual(['SUCCEEDED', 'FAILED', 'SUCCEEDED', 'SUCCEEDED', 'FAILED']);

  const { sfn, dynamodb } = aws.clients;
  const executionArns: string[] = [];
  for (const kind of personalWorkflows) {
    const { executions = [] } = await sfn.send(new ListExecutionsCommand({ stateMachineArn: stateMachineArn(aws, kind) }));
    executionArns.push(...executions.flatMap(({ executionArn }) => executionArn ?? []));
  }
  expect(executionArns).toHaveLength(7);
  const events: unknown[] = [];
  for (const executionArn of executionArns) {
    for await (const page of paginateGetExecutionHistory({ client: sfn }, { executionArn })) events.push(...(page.events ?? []));
  }
  const { Items = [] } = await dynamodb.send(new ScanCommand({ TableName: tableName }));
  const logs = join(aws.stateDirectory, 'logs');
  const lines = readdirSync(logs).map((file) => readFileSync(join(logs, file), 'utf8'));

  // What is searched is there: the public host key is in the history and in the table, and every step has logged.
  const searched = { history: JSON.stringify(events), table: JSON.stringify(Items), logs: lines.join('\n') };
  const hostKey = succeeded.output?.hostKey ?? 'none';
  expect(searched.history).toContain(hostKey);
  expect(searched.table).toContain(hostKey);
  expect(searched.logs).toContain('"done"');
  for (const [place, text] of Object.entries(searched)) for (const secret of secrets) expect(text, place).not.toMatch(secret);
});
