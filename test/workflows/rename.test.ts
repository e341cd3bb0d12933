import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { AuthorizeSecurityGroupIngressCommand, CreateSecurityGroupCommand } from '@aws-sdk/client-ec2';
import { ListExecutionsCommand, StopExecutionCommand } from '@aws-sdk/client-sfn';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { findSecurityGroups, findVpcs } from '../../aws/ec2/resources.ts';
import { readEnvironment } from '../../aws/records/read/environment.ts';
import { readAliases } from '../../cli/files/alias.ts';
import { stateMachineArn } from '../../core/executions.ts';
import { settleSeconds } from '../../core/operation.ts';
import { deployForTests } from '../harness/deployment.ts';
import { expectFailure } from '../harness/failure.ts';
import { expectConverged, expectNothing } from '../harness/inventory.ts';
import { beginHeld, letGo } from '../harness/pace.ts';
import type { User } from '../harness/users.ts';
import { wipe } from '../harness/wipe.ts';
import { ended, mutatingCalls, runRename, runStart, runStop } from '../harness/workflows.ts';

let aws: TestAws;
let alice: User;
let bob: User;
deployForTests((deployed, user) => {
  aws = deployed;
  alice = user('alice');
  bob = user('bob');
});
afterEach(async () => {
  letGo(aws);
  await wipe(aws);
});

const command = ['rename', 'acme/api', 'billing'];
const subject = { owner: 'alice', repository: 'acme/api' };

/** Starts the environment with alice's key. Resolves to its instance. */
async function started(): Promise<string> {
  const { json } = await alice.run(['start', 'acme/api', '--no-clone', '--json']);
  const { instanceId } = json as { instanceId: string };
  await aws.delete('calls');
  return instanceId;
}

/** Waits until a rename was refused. */
const refused = ({ clients: { sfn } }: TestAws) =>
  vi.waitFor(async () => {
    const failed = new ListExecutionsCommand({ stateMachineArn: stateMachineArn(aws, 'rename'), statusFilter: 'FAILED' });
    expect((await sfn.send(failed)).executions).toHaveLength(1);
  }, 20_000);

const nameNow = async () => (await readEnvironment(aws.clients.dynamodb, subject))?.name;
const aliases = () => readAliases(alice.files('acme/api').aliases).map(({ alias }) => alias);

describe('a rename', () => {
  it('gives a running environment and its resources the name, and says how to connect', async () => {
    const instanceId = await started();
    const { code, stdout, stderr } = await alice.prints(command);
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^Locking the environment\n/);
    for (const sentence of ['Replacing the security group', 'Replacing the key pair', 'Renaming the resources', 'Saving the environment'])
      expect(stdout).toContain(`${sentence}\n`);
    expect(stdout).toMatch(/\n\n✓ Renamed acme\/api to billing\n {2}Connect {2}ssh -F \/.*ssh_config billing\n$/);
    expect(code).toBe(0);
    const { instances } = await expectConverged(aws, 1);
    expect(instances).toMatchObject([{ InstanceId: instanceId, State: { Name: 'running' } }]);
    expect(await nameNow()).toBe('billing');
    expect((await alice.run(['status', 'acme/api', '--json'])).json).toMatchObject({ name: 'billing', status: 'started', lastError: null });
  });

  it('never stops, starts or launches an instance', async () => {
    await started();
    await alice.run(command);
    const calls = await mutatingCalls(aws);
    expect(calls.toSorted()).toEqual(
      [
        ...['AuthorizeSecurityGroupIngress', 'CreateSecurityGroup', 'CreateTags', 'CreateTags', 'CreateTags', 'DeleteKeyPair'],
        ...['DeleteSecurityGroup', 'ImportKeyPair', 'ModifyNetworkInterfaceAttribute', 'ModifyNetworkInterfaceAttribute'],
      ].toSorted(),
    );
  });

  it('renames a stopped environment, which starts under the new name', async () => {
    const instanceId = await started();
    await runStop(aws);
    const { stdout } = await alice.prints(command);
    expect(stdout).toMatch(/\n\n✓ Renamed acme\/api to billing\n$/);
    await expectConverged(aws, 1, 'stopped');
    expect((await alice.run(['start', 'acme/api', '--no-clone', '--json'])).json).toMatchObject({ instanceId, name: 'billing' });
    await expectConverged(aws, 1);
  });

  it('gives the environment another host alias, and keeps the former one', async () => {
    await started();
    expect(aliases()).toContain('acme-api.recode');
    await alice.run(['rename', 'acme/api', 'alias-test']);
    expect(aliases()).toEqual(expect.arrayContaining(['acme-api.recode', 'alias-test.recode']));
    for (const alias of ['acme-api.recode', 'alias-test.recode']) {
      const file = join(alice.files('acme/api').aliases, alias);
      const { stdout } = await promisify(execFile)('ssh', ['-F', file, '-o', 'BatchMode=yes', alias, 'echo', 'here']);
      expect(stdout).toBe('here\n');
    }
  });

  it('lasts: stops and starts leave the name', async () => {
    await started();
    await alice.run(command);
    await runStop(aws);
    await alice.run(['start', 'acme/api', '--no-clone']);
    expect(await nameNow()).toBe('billing');
    await expectConverged(aws, 1);
  });

  it('says that the environment has the name, and changes nothing', async () => {
    await started();
    await alice.run(command);
    await aws.delete('calls');
    const { code, stdout } = await alice.prints(command);
    expect(stdout).toContain('✓ acme/api is already called billing\n');
    expect(code).toBe(0);
    expect(await mutatingCalls(aws)).toEqual([]);
    expect((await alice.run([...command, '--json'])).json).toMatchObject({ name: 'billing', changed: false, status: 'started' });
  });

  it('frees the former name for another environment', async () => {
    await started();
    await alice.run(command);
    expect((await bob.run(['start', 'acme/api', '--no-clone', '--json'])).json).toMatchObject({ name: 'acme-api', owner: 'bob' });
    await expectConverged(aws, 2);
  });

  it('keeps the rules for other ports', async () => {
    await started();
    const web = { IpProtocol: 'tcp', FromPort: 8080, ToPort: 8080, IpRanges: [{ CidrIp: '198.51.100.0/24' }] };
    const [former] = await findSecurityGroups(aws.clients.ec2, subject);
    await aws.clients.ec2.send(new AuthorizeSecurityGroupIngressCommand({ GroupId: former?.GroupId, IpPermissions: [web] }));
    expect((await runRename(aws, { name: 'billing' })).output).toMatchObject({ status: 'renamed', changed: true });
    const [group] = await findSecurityGroups(aws.clients.ec2, subject);
    expect(group?.GroupName).toBe('recode-billing-security-group');
    expect(group?.IpPermissions).toEqual(expect.arrayContaining([expect.objectContaining({ FromPort: 8080 })]));
  });

  it('with --no-wait is followed by "recode aws follow"', async () => {
    await started();
    const { json } = await alice.run([...command, '--no-wait', '--json']);
    expect(json).toMatchObject({ executionArn: expect.stringContaining(':recode-rename:') });
    const { code, stdout } = await alice.prints(['follow', 'acme/api']);
    expect(stdout).toContain('✓ Renamed acme/api to billing\n');
    expect(code).toBe(0);
    expect(aliases()).toContain('billing.recode');
  });

  it('waits for one to another name, and then gives its own', async () => {
    await started();
    const input = { caller: 'alice', environment: subject, name: 'web' };
    const executionArn = await beginHeld(aws, 'renaming', input);
    const second = alice.prints(command);
    await refused(aws);
    letGo(aws);
    const { code, stdout } = await second;
    expect(stdout).toContain('acme/api is already being renamed');
    expect(stdout).toContain('✓ Renamed acme/api to billing\n');
    expect(code).toBe(0);
    expect((await ended(aws, executionArn)).status).toBe('SUCCEEDED');
    await expectConverged(aws, 1);
  });

  it('of a teammate’s environment asks first', async () => {
    await started();
    const args = [...command, '--owner', 'alice'];
    const { code, stderr } = await bob.run(args);
    expect(stderr).toContain('acme/api belongs to alice. Rename it?');
    expect(code).toBe(2);
    expect((await bob.run([...args, '--force', '--json'])).json).toMatchObject({ name: 'billing', owner: 'alice', changed: true });
  });

  it('that was killed is finished by the start of a stopped environment', async () => {
    const instanceId = await started();
    await runStop(aws);
    const executionArn = await beginHeld(aws, 'renaming', { caller: 'alice', environment: subject, name: 'billing' });
    await aws.clients.sfn.send(new StopExecutionCommand({ executionArn }));
    letGo(aws);
    aws.clock.advance(settleSeconds * 1000);
    const { json, code } = await alice.run(['start', 'acme/api', '--no-clone', '--json']);
    expect([json, code]).toMatchObject([{ instanceId, name: 'billing', status: 'started' }, 0]);
    await expectConverged(aws, 1);
  });
});

describe('a rename that is refused', () => {
  it('finds nothing installed, and installs nothing', async () => {
    expect(await runRename(aws, { name: 'billing' })).toMatchObject({ status: 'FAILED', error: 'RecodeNotInstalled' });
    await expectNothing(aws);
  });

  it('finds no environment', async () => {
    await started();
    expect(await runRename(aws, { owner: 'bob', name: 'billing' })).toMatchObject({ status: 'FAILED', error: 'EnvironmentNotFound' });
  });

  it('finds an environment whose first start failed', async () => {
    await aws.post('faults', { service: 'ec2', action: 'RunInstances', kind: 'error', code: 'VcpuLimitExceeded' });
    expect((await runStart(aws)).error).toBe('QuotaReached');
    expect(await runRename(aws, { name: 'billing' })).toMatchObject({ status: 'FAILED', error: 'EnvironmentNotFinished' });
  });

  it('finds that a name is none, before it asks AWS', async () => {
    const args = ['rename', 'acme/api', 'My API'];
    expectFailure(await alice.run(args), ['aws', ...args], {
      name: 'NameNotValid',
      usage: 'recode aws rename',
      message: "Invalid name 'My API'. Use up to 160 lower-case letters, digits and single hyphens, for example my-api.",
    });
    expect((await aws.get('calls')) as object).toEqual({ calls: [] });
  });

  it('finds that another environment has the name, and changes nothing', async () => {
    await started();
    await runStart(aws, { owner: 'bob', repository: 'acme/billing' });
    const args = ['rename', 'acme/api', 'acme-billing'];
    const before = await readEnvironment(aws.clients.dynamodb, subject);
    expectFailure(await alice.run(args), ['aws', ...args], {
      name: 'NameTaken',
      message: 'Another environment in this region is called acme-billing.',
    });
    expect(await readEnvironment(aws.clients.dynamodb, subject)).toEqual({ ...before, updatedAt: expect.any(String) });
    await expectConverged(aws, 2);
  });

  it('finds that a group of somebody else has the name, and changes nothing', async () => {
    await started();
    const [vpc] = await findVpcs(aws.clients.ec2);
    const theirs = { GroupName: 'recode-billing-security-group', Description: 'theirs', VpcId: vpc?.VpcId };
    await aws.clients.ec2.send(new CreateSecurityGroupCommand(theirs));
    expect(await runRename(aws, { name: 'billing' })).toMatchObject({ status: 'FAILED', error: 'NameOwnedElsewhere' });
    expect(await nameNow()).toBe('acme-api');
  });
});
