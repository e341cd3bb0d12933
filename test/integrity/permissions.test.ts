import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { explanations } from '../../cli/explanations.ts';
import { settleSeconds } from '../../core/operation.ts';
import { kindsWith } from '../../core/operations.ts';
import { expectConverged } from '../harness/inventory.ts';
import { deployedAws, recodeStart, runRemove, runStart, strictPackage } from '../harness/workflows.ts';
import { actionsOf, resources, roles, statementsOf } from '../infra/stack.ts';
import { asExpected, callsOf, life, run, type Stage } from './fault-matrix-life.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'permissions-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** An AWS of its own, where a missing permission is tried again once. */
const strictAws = () => deployedAws(strictPackage(join(directory, 'stack')));

/** What a function may do to which resource, as `/_local/iam` takes it away. */
interface Permission {
  readonly functionName: string;
  readonly action: string;
  readonly resource: string;
}
const nameOf = ({ functionName, action, resource }: Permission) =>
  `${functionName.split('-').at(-1)} ${action} ${resource.split(':').slice(5).join(':') || '*'}`;

/** Every permission of every function's role, as it would be deployed here. */
function permissionsOfFunctions(aws: TestAws): Permission[] {
  return resources('AWS::Lambda::Function').flatMap(({ FunctionName, Role }) => {
    const role = roles.find(({ id }) => id === (Role as { 'Fn::GetAtt': [string] })['Fn::GetAtt'][0]);
    if (!role) throw new Error(`${FunctionName} has no role.`);
    return statementsOf(role).flatMap((statement) =>
      actionsOf(statement)
        .filter((action) => !/^(logs|xray):/.test(action))
        .map((action) => ({ functionName: String(FunctionName), action, resource: resourceOf(aws, statement.Resource) })),
    );
  });
}

function resourceOf(aws: TestAws, resource: unknown): string {
  if (resource === '*') return resource;
  const values: Readonly<Record<string, string>> = { Partition: 'aws', Region: aws.region, AccountId: aws.accountId };
  return (resource as { 'Fn::Sub': string })['Fn::Sub'].replace(/\$\{AWS::(\w+)\}/g, (_, name: string) => values[name] ?? '');
}

// What only crashes, races and failures of EC2 lead to. The tests of these steps meet it.
const unusual = [
  'beginOperation dynamodb:DeleteItem table/recode-config-dynamodb-table',
  // Where the team allows so many environments and no more.
  'beginOperation dynamodb:Query table/recode-config-dynamodb-table',
  // The index has nothing that the table does not have, and only sweeps read it.
  'beginOperation dynamodb:Query table/recode-config-dynamodb-table/index/due',
  // Where the team has a cap on hours.
  'failOperation dynamodb:PutItem table/recode-config-dynamodb-table',
  // Why an instance does not answer: without it, the execution fails all the same, and says so.
  'failOperation ec2:DescribeInstances *',
  'failOperation ec2:GetConsoleOutput instance/*',
  // Nobody cancels anything in this life.
  'cancelOperation dynamodb:GetItem table/recode-config-dynamodb-table',
  'cancelOperation states:DescribeExecution execution:recode-*',
  ...kindsWith({ on: 'environment' }).map((kind) => `cancelOperation states:StopExecution execution:recode-${kind}:*`),
  'claimNetwork states:DescribeExecution execution:recode-*',
  // A route to a gateway that somebody has deleted.
  'createRouteTable ec2:DeleteRoute route-table/*',
  'recordNetwork dynamodb:GetItem table/recode-config-dynamodb-table',
  // To bring records of an earlier format up to date.
  'confirmUninstall dynamodb:GetItem table/recode-config-dynamodb-table',
  'confirmUninstall dynamodb:Query table/recode-config-dynamodb-table/index/due',
  // Nothing is kept by then.
  'confirmUninstall ec2:DescribeImages *',
  'confirmUninstall ec2:DeregisterImage image/*',
  'confirmUninstall ec2:DeleteSnapshot snapshot/*',
  // Without them, ensureUserData looks and startInstance starts, which need the same.
  'planStart ec2:DescribeInstanceAttribute instance/*',
  'planStart ec2:StartInstances instance/*',
  // Where the team has a cap on hours.
  'planStart dynamodb:PutItem table/recode-config-dynamodb-table',
  // An earlier start has left an interface in another subnet.
  'createNetworkInterface ec2:DeleteNetworkInterface network-interface/*',
  // To suggest another type where no zone has capacity.
  'changeZone ec2:DescribeInstanceTypeOfferings *',
  'launchInstance ec2:DescribeInstances *',
  'launchInstance ec2:DescribeNetworkInterfaces *',
  // To bring records of an earlier format up to date.
  'changeVolume dynamodb:GetItem table/recode-config-dynamodb-table',
  'changeInstanceType ec2:DescribeInstances *',
  'changeInstanceType dynamodb:GetItem table/recode-config-dynamodb-table',
  'ensureUserData ec2:DescribeInstances *',
  'startInstance ec2:DescribeInstances *',
  'allowSsh ec2:CreateSecurityGroup security-group/*',
  'allowSsh ec2:CreateTags security-group/*',
  'allowSsh ec2:CreateSecurityGroup vpc/*',
  // Only the groups of an interface that moves to another one.
  'checkInstanceRunning ec2:ModifyNetworkInterfaceAttribute security-group/*',
  // The image of an attempt that failed.
  'createImage ec2:DescribeImages *',
  'createImage ec2:DeregisterImage image/*',
  'createImage ec2:DeleteSnapshot snapshot/*',
  'recordKept dynamodb:GetItem table/recode-config-dynamodb-table',
  // Somebody has changed the rules of the group.
  'replaceSecurityGroup ec2:RevokeSecurityGroupIngress security-group/*',
  'replaceSecurityGroup ec2:AuthorizeSecurityGroupEgress security-group/*',
  'replaceSecurityGroup ec2:RevokeSecurityGroupEgress security-group/*',
  'renameResources ec2:ModifyNetworkInterfaceAttribute security-group/*',
  // What an unfinished move has kept.
  'changeOwner ec2:CreateTags image/*',
  'changeOwner ec2:CreateTags snapshot/*',
  // Where the team has a cap on hours.
  'changeSchedule dynamodb:PutItem table/recode-config-dynamodb-table',
];
/** The steps of what schedules, changes of instances and checks of the records start, which is no part of this life. */
const elsewhere = ['upkeep', 'reconcile'].flatMap((folder) =>
  readdirSync(join(import.meta.dirname, '../../functions', folder)).map((file) =>
    file.replace(/\.ts$/, '').replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase()),
  ),
);
/** Needed while SSH does not answer yet, or an instance terminates still, which depends on how fast the machine is. */
const sometimes = ['checkSsh ec2:DescribeInstances *', 'checkInstanceTerminated ec2:DescribeInstances *'];

it('says which permission is missing, for each permission that the life of an environment needs', { timeout: 600_000 }, async () => {
  await using aws = await strictAws();
  // More than a hundred executions fail here.
  aws.clock.setRate(100);
  const missing = permissionsOfFunctions(aws)
    .filter(({ functionName }) => !elsewhere.includes(functionName.split('-').at(-1) ?? ''))
    .filter((permission) => !sometimes.includes(nameOf(permission)));
  for (const stage of life.filter(({ error }) => error === undefined)) {
    await stage.prepare?.(aws);
    while (!(await succeeds(aws, stage, missing)));
    await stage.expectEnd(aws);
  }
  expect(missing.map(nameOf)).toEqual(unusual);
});

/** Runs a workflow without the missing permissions. Where it fails, gives it the one that it says it needs. */
async function succeeds(aws: TestAws, stage: Stage, missing: Permission[]): Promise<boolean> {
  await aws.delete('calls');
  await aws.post('iam', { deny: missing });
  aws.clock.advance(settleSeconds * 1000);
  const ended = await run(aws, stage);
  if (asExpected(stage, ended)) return true;
  expect(ended, `${stage.name}: ${ended.cause}`).toMatchObject({ status: 'FAILED', error: 'PermissionMissing' });
  const needed = missing.find((permission) => isNamed(permission, ended.cause ?? ''));
  if (!needed) throw new Error(`${stage.name} lacks something else than what was taken away: ${ended.cause}`);
  const refused = (await callsOf(aws)).filter(({ functionName, outcome }) => functionName === needed.functionName && isRefusal(outcome));
  expect(refused.length, `${nameOf(needed)}, tried again`).toBeGreaterThan(1);
  missing.splice(missing.indexOf(needed), 1);
  return false;
}

/** Whether a failure says that this function lacks this permission. */
function isNamed({ functionName, action, resource }: Permission, cause: string): boolean {
  const [, by, what, on = '*'] =
    /assumed-role\/\w+\/(\S+) is not authorized to perform: (\S+)(?: on resource: (\S+))? because/.exec(cause) ?? [];
  const beginning = resource.endsWith('*') ? resource.slice(0, -1) : undefined;
  return by === functionName && what === action && (on === resource || (beginning !== undefined && on.startsWith(beginning)));
}

const isRefusal = (outcome: string) => outcome === 'UnauthorizedOperation' || outcome === 'AccessDeniedException';

it('says that it may not look at an instance that terminates', async () => {
  await using aws = await strictAws();
  expect(await runStart(aws)).toMatchObject({ status: 'SUCCEEDED' });
  await aws.post('iam', { deny: [{ functionName: 'recode-prod-checkInstanceTerminated', action: 'ec2:DescribeInstances' }] });
  const cause = expect.stringContaining('recode-prod-checkInstanceTerminated is not authorized to perform: ec2:DescribeInstances');
  expect(await runRemove(aws)).toMatchObject({ status: 'FAILED', error: 'PermissionMissing', cause });
  await aws.post('iam', { deny: [] });
  aws.clock.advance(settleSeconds * 1000);
  expect(await runRemove(aws)).toMatchObject({ status: 'SUCCEEDED' });
  await expectConverged(aws, 0);
});

it('tells the user what to ask for', async () => {
  await using aws = await strictAws();
  await aws.post('iam', { deny: [{ functionName: 'recode-prod-createVpc', action: 'ec2:CreateVpc' }] });
  const ran = await recodeStart(aws, directory, ['acme/api']);
  expect(ran.code).toBe(1);
  expect(ran.stderr).toContain('recode-prod-createVpc is not authorized to perform: ec2:CreateVpc on resource:');
  expect(ran.stderr).toContain(explanations.PermissionMissing.nextStep);
  expect(explanations.PermissionMissing.nextStep).toMatch(/permissionsBoundary.*RecodeUser/);
});
