import type { Region } from '../ec2/operation.ts';
import type { Decoded } from '../ec2/wire.ts';
import type { Schedule } from '../scheduler/schedule.ts';
import { AwsFailure, type AwsRequest, type Service } from '../service.ts';
import type { Stack } from '../stack/stack.ts';
import { needsOfDynamoDb, type PartitionKeyOf } from './authorization/dynamodb.ts';
import { needsOfEc2 } from './authorization/ec2.ts';
import { needsOfPricing } from './authorization/pricing.ts';
import { needsOfStepFunctions } from './authorization/step-functions.ts';
import { type Need, type Policy, refusalOf } from './policy.ts';
import type { Role } from './roles.ts';
import { createIamSettings } from './settings.ts';

/** IAM: who may do what. It does not guard STS, because GetCallerIdentity needs no permission. */
export interface Iam {
  /** The function whose sandbox has an access key, as its role. */
  ownerOf(accessKeyId: string): Owner | undefined;
  /** DynamoDB for callers with permission. Others get `AccessDeniedException`. */
  guardDynamoDb<S extends Service & { readonly partitionKeyOf: PartitionKeyOf }>(service: S): S;
  /** Step Functions for callers with permission. Others get `AccessDeniedException`. */
  guardStepFunctions<S extends Service>(service: S): S;
  /** The price list for callers with permission. Others get `AccessDeniedException`. */
  guardPricing<S extends Service>(service: S): S;
  /** Throws `UnauthorizedOperation` if the caller may not do this in EC2. */
  authorizeEc2(accessKeyId: string, action: string, input: Decoded, region: Region): void;
  /** Why the role of a state machine may not invoke a function, in AWS's words; undefined if it may. */
  invocationRefusal(stateMachineArn: string, functionArn: string): string | undefined;
  /** Why the role of a schedule may not start its state machine, in AWS's words; undefined if it may. */
  startRefusal(schedule: Pick<Schedule, 'name' | 'roleArn' | 'stateMachineArn'>): string | undefined;
  /**
   * `/_local/iam`: POST `{ accessKeyId, policies }` restricts a key to managed policies of the stack, or to nothing; null lifts that.
   * POST `{ deny: [{ functionName?, action, resource? }] }` denies these permissions and no others. GET shows both, DELETE resets both.
   */
  admin(method: string, body: unknown): unknown;
}

interface Owner {
  readonly functionName: string;
  readonly arn: string;
}

interface Principal {
  /** As in AWS's refusals. */
  readonly arn: string;
  /** Without policies, the principal may do everything. */
  readonly policies: readonly Policy[] | undefined;
  readonly functionName?: string | undefined;
}

/**
 * IAM over the roles of the packaged stack. Functions, state machines and schedules have the permissions of their roles. Everybody else may
 * do everything unless the settings restrict it.
 */
export function createIam(options: {
  readonly stack: Pick<Stack, 'accountId' | 'functions' | 'stateMachines' | 'roles' | 'managedPolicies'>;
  /** The function whose sandbox has an access key. */
  readonly ownerOf: (accessKeyId: string) => Owner | undefined;
  /** Who has an access key. */
  readonly arnOf: (accessKeyId: string) => string;
}): Iam {
  const { stack, arnOf } = options;
  const { accountId } = stack;
  const settings = createIamSettings(stack.managedPolicies);

  const roleAt = (arn: string | undefined): Role | undefined => (arn === undefined ? undefined : stack.roles.get(arn));
  const roleOfFunction = (functionName: string) => roleAt(stack.functions.find(({ name }) => name === functionName)?.roleArn);
  const session = (role: Role | undefined, name: string) => `arn:aws:sts::${accountId}:assumed-role/${role?.name ?? name}/${name}`;

  const principalOf = (accessKeyId: string): Principal => {
    const functionName = options.ownerOf(accessKeyId)?.functionName;
    const role = functionName === undefined ? undefined : roleOfFunction(functionName);
    return { arn: arnOf(accessKeyId), policies: role?.policies ?? settings.policiesOf(accessKeyId), functionName };
  };

  /** Why the principal may not do everything that it needs, in AWS's words; undefined if it may. */
  const refusal = (principal: Principal, needs: () => readonly Need[]): string | undefined =>
    isLimited(principal) ? refusalOfNeeds(principal, needs()) : undefined;

  const isLimited = ({ policies }: Principal): boolean => policies !== undefined || settings.denyAnything();

  const refusalOfNeeds = ({ arn, policies, functionName }: Principal, needs: readonly Need[]): string | undefined => {
    for (const need of needs) {
      const reason = settings.denies(functionName, need) ? refusalOf([], need) : policies && refusalOf(policies, need);
      if (reason === undefined) continue;
      const on = need.resource === '*' ? '' : ` on resource: ${need.resource}`;
      return `User: ${arn} is not authorized to perform: ${need.action}${on} ${reason}`;
    }
    return undefined;
  };

  type NeedsOf = (action: string, request: AwsRequest, accountId: string) => Need[] | Promise<Need[]>;
  const guard = <S extends Service>(service: S, needsOf: NeedsOf): S => ({
    ...service,
    async handle(request) {
      const principal = principalOf(request.accessKeyId);
      const needs = isLimited(principal) ? await needsOf(service.action(request), request, accountId) : [];
      const sentence = refusalOfNeeds(principal, needs);
      if (sentence !== undefined) throw new AwsFailure('AccessDeniedException', sentence);
      return service.handle(request);
    },
  });

  return {
    ownerOf(accessKeyId) {
      const owner = options.ownerOf(accessKeyId);
      const role = owner && roleOfFunction(owner.functionName);
      return role ? { ...owner, arn: session(role, owner.functionName) } : owner;
    },
    guardDynamoDb: (service) => guard(service, (action, request) => needsOfDynamoDb(action, request, accountId, service.partitionKeyOf)),
    guardStepFunctions: (service) => guard(service, needsOfStepFunctions),
    guardPricing: (service) => guard(service, needsOfPricing),
    authorizeEc2(accessKeyId, action, input, region) {
      const sentence = refusal(principalOf(accessKeyId), () => needsOfEc2(action, input, region));
      if (sentence === undefined) return;
      // AWS adds an encoded message, which STS decodes for those with permission.
      throw new AwsFailure('UnauthorizedOperation', `You are not authorized to perform this operation. ${sentence}`, 403);
    },
    invocationRefusal(stateMachineArn, functionArn) {
      const role = roleAt(stack.stateMachines.find(({ arn }) => arn === stateMachineArn)?.roleArn);
      const name = stateMachineArn.slice(stateMachineArn.lastIndexOf(':') + 1);
      const need = { action: 'lambda:InvokeFunction', resource: functionArn, keys: () => undefined };
      return refusal({ arn: session(role, name), policies: role?.policies }, () => [need]);
    },
    startRefusal({ name, roleArn, stateMachineArn }) {
      const role = roleAt(roleArn);
      if (role && !role.trust.admits('scheduler.amazonaws.com', (key) => (key === 'aws:sourceaccount' ? accountId : undefined)))
        return 'The execution role you provide must allow AWS EventBridge Scheduler to assume the role.';
      const need = { action: 'states:StartExecution', resource: stateMachineArn, keys: () => undefined };
      return refusal({ arn: session(role, name), policies: role?.policies }, () => [need]);
    },
    admin: (method, body) => settings.admin(method, body),
  };
}
