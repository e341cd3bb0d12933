import type { Region } from '../ec2/operation.ts';
import type { Decoded } from '../ec2/wire.ts';
import { AwsFailure, type AwsRequest, type Service } from '../service.ts';
import { needsOfDynamoDb } from './authorization/dynamodb.ts';
import { needsOfEc2 } from './authorization/ec2.ts';
import { needsOfStepFunctions } from './authorization/step-functions.ts';
import { keysOf } from './keys.ts';
import { type Need, type Rights, refusalOf } from './policy.ts';
import type { Roles } from './roles.ts';
import { createIamSettings } from './settings.ts';

/** IAM: who may do what. STS is not among what it guards, since GetCallerIdentity needs no permission. */
export interface Iam {
  /** Whose access key it is when it is a sandbox's: the function, as its role. */
  ownerOf(accessKeyId: string): Owner | undefined;
  /** DynamoDB for those who may; the others get `AccessDeniedException`. */
  guardDynamoDb<S extends Service>(service: S): S;
  /** Step Functions for those who may; the others get `AccessDeniedException`. */
  guardStepFunctions<S extends Service>(service: S): S;
  /** Throws `UnauthorizedOperation` unless the caller may do this in EC2. */
  authorizeEc2(accessKeyId: string, action: string, input: Decoded, region: Region): void;
  /** Why the role of a state machine may not invoke a function, in AWS's words; undefined where it may. */
  invocationRefusal(stateMachineArn: string, functionArn: string): string | undefined;
  /** Why the role of a schedule may not start executions of a state machine, in AWS's words; undefined where it may. */
  startRefusal(schedule: { readonly name: string; readonly arn: string }, stateMachineArn: string): string | undefined;
  /**
   * `/_local/iam`: POST `{ accessKeyId, policies }` leaves a key the named managed policies of the stack alone (all rights again with null),
   * POST `{ deny: [{ functionName?, action, resource? }] }` takes these permissions away and no others, GET tells, DELETE forgets both.
   */
  admin(method: string, body: unknown): unknown;
}

interface Owner {
  readonly functionName: string;
  readonly arn: string;
}

/** Somebody who asks for something. */
interface Principal {
  /** As AWS names it in a refusal. */
  readonly arn: string;
  /** The value of `aws:PrincipalArn`: of a session it is the role. */
  readonly principalArn: string;
  /** All rights without it. */
  readonly rights: Rights | undefined;
  readonly functionName?: string;
}

/**
 * IAM over the packaged stack's roles. A function and a state machine have the rights of their role in the template, everybody else
 * has all rights unless the settings say otherwise.
 */
export function createIam(options: {
  readonly accountId: string;
  readonly region: string;
  readonly roles: Roles;
  /** The function whose sandbox has an access key. */
  readonly ownerOf: (accessKeyId: string) => Owner | undefined;
  /** Who an access key is. */
  readonly arnOf: (accessKeyId: string) => string;
}): Iam {
  const { accountId, region, roles, arnOf } = options;
  const settings = createIamSettings(roles);

  const principalOf = (accessKeyId: string): Principal => {
    const functionName = options.ownerOf(accessKeyId)?.functionName;
    const role = functionName === undefined ? undefined : roles.ofFunction(functionName);
    const arn = arnOf(accessKeyId);
    return {
      arn,
      principalArn: role?.arn ?? roleOfSession(arn),
      rights: role ?? settings.rightsOf(accessKeyId),
      ...(functionName !== undefined && { functionName }),
    };
  };

  /**
   * What there is to say against it, in AWS's words; undefined where the principal may do it all. What it needs is found out only
   * where that counts.
   */
  const refusal = ({ arn, principalArn, rights, functionName }: Principal, needs: () => readonly Need[]): string | undefined => {
    if (!rights && !settings.denyAnything()) return undefined;
    for (const need of needs()) {
      const known: Need = { ...need, keys: (key) => (key === 'aws:principalarn' ? [principalArn] : need.keys(key)) };
      const denied = settings.denies(functionName, need);
      const reason = denied ? refusalOf({ policies: [] }, known) : rights && refusalOf(rights, known);
      if (reason === undefined) continue;
      const on = need.resource === '*' ? '' : ` on resource: ${need.resource}`;
      return `User: ${arn} is not authorized to perform: ${need.action}${on} ${reason}`;
    }
    return undefined;
  };

  const guard = <S extends Service>(service: S, needsOf: (action: string, request: AwsRequest, accountId: string) => Need[]): S => ({
    ...service,
    async handle(request) {
      const sentence = refusal(principalOf(request.accessKeyId), () => needsOf(service.action(request), request, accountId));
      if (sentence !== undefined) throw new AwsFailure('AccessDeniedException', sentence);
      return service.handle(request);
    },
  });

  return {
    ownerOf(accessKeyId) {
      const owner = options.ownerOf(accessKeyId);
      const role = owner && roles.ofFunction(owner.functionName);
      return role ? { ...owner, arn: sessionOf(accountId, role.name, owner.functionName) } : owner;
    },
    guardDynamoDb: (service) => guard(service, needsOfDynamoDb),
    guardStepFunctions: (service) => guard(service, needsOfStepFunctions),
    authorizeEc2(accessKeyId, action, input, ec2Region) {
      const sentence = refusal(principalOf(accessKeyId), () => needsOfEc2(action, input, ec2Region));
      if (sentence === undefined) return;
      // AWS adds an encoded message, which STS decodes for those who may.
      throw new AwsFailure('UnauthorizedOperation', `You are not authorized to perform this operation. ${sentence}`, 403);
    },
    invocationRefusal(stateMachineArn, functionArn) {
      const role = roles.ofStateMachine(stateMachineArn);
      const name = stateMachineArn.slice(stateMachineArn.lastIndexOf(':') + 1);
      const arn = sessionOf(accountId, role?.name ?? name, name);
      const keys = keysOf({ region, service: 'lambda' });
      const need = { action: 'lambda:InvokeFunction', resource: functionArn, keys };
      return refusal({ arn, principalArn: role?.arn ?? roleOfSession(arn), rights: role }, () => [need]);
    },
    startRefusal(schedule, stateMachineArn) {
      const role = roles.ofSchedule(schedule.arn);
      // A schedule's group, not the schedule, is what Scheduler names as the source of its request.
      const source = { 'aws:sourceaccount': accountId, 'aws:sourcearn': `arn:aws:scheduler:${region}:${accountId}:schedule-group/default` };
      const sourceKeys = new Map(Object.entries(source).map(([key, value]) => [key, [value]]));
      if (role && !role.trust.admits('scheduler.amazonaws.com', (key) => sourceKeys.get(key)))
        return 'The execution role you provide must allow AWS EventBridge Scheduler to assume the role.';
      const arn = sessionOf(accountId, role?.name ?? schedule.name, schedule.name);
      const need = { action: 'states:StartExecution', resource: stateMachineArn, keys: keysOf({ region, service: 'states' }) };
      return refusal({ arn, principalArn: role?.arn ?? roleOfSession(arn), rights: role }, () => [need]);
    },
    admin: (method, body) => settings.admin(method, body),
  };
}

function sessionOf(accountId: string, roleName: string, session: string): string {
  return `arn:aws:sts::${accountId}:assumed-role/${roleName}/${session}`;
}

/** The role behind the ARN of a session; any other ARN as it is. */
function roleOfSession(arn: string): string {
  return arn.replace(/:sts::(\d+):assumed-role\/(.+)\/[^/]+$/, ':iam::$1:role/$2');
}
