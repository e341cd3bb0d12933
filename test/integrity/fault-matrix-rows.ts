import type { Meaning } from '../../aws/errors.ts';
import type { ErrorName } from '../../core/errors.ts';
import { answers, type Service } from '../aws/answers.ts';

/** The execution succeeds all the same. */
export interface Endured {
  readonly ends: 'SUCCEEDED';
  /** What the step fails with before the state machine repeats it; absent where the step finds its way by itself, or the SDK does. */
  readonly after?: ErrorName;
  /** What the step waits for within its invocation. It fails with it only where that ends before the next look. */
  readonly meanwhile?: ErrorName;
  /** Whether the call is made again, or what it was to do is found done; absent where either may be. */
  readonly again?: boolean;
}

/** The execution fails, and tells why. */
export interface Surfaced {
  readonly ends: 'FAILED';
  readonly name: ErrorName;
  /** How many invocations of the step fail: more than one where repeating the call may help. */
  readonly attempts: number;
  /** What the cause says besides; AWS's code where absent. */
  readonly says?: string;
}

/** What becomes of an execution one of whose calls is answered by one of these codes. */
export interface Row {
  readonly codes: readonly string[];
  /** HTTP's; 400 by default. */
  readonly status?: number;
  readonly message?: string;
  /** The call has taken effect, as one has whose first answer was lost before the SDK repeated it. */
  readonly effect?: true;
  readonly once: Endured | Surfaced;
  /** Absent where the call is not made a second time. */
  readonly repeatedly?: Endured | Surfaced;
  /** How often that is; for ever by default. */
  readonly times?: number;
}

const succeeds = (after?: ErrorName, again?: boolean): Endured => ({
  ends: 'SUCCEEDED',
  ...(after && { after }),
  ...(again !== undefined && { again }),
});
const fails = (name: ErrorName, attempts = 1, says?: string): Surfaced => ({ ends: 'FAILED', name, attempts, ...(says && { says }) });

/** The call is made again until the state machine loses its patience, which it does after so many attempts. */
const retried = (name: ErrorName, attempts: number, says?: string) => ({
  once: succeeds(name, true),
  repeatedly: fails(name, attempts, says),
});
/** The step looks again within its invocation, and the state machine invokes it again until it loses its patience. */
const waited = (name: ErrorName, again?: boolean): Endured => ({ ...succeeds(undefined, again), meanwhile: name });
const polled = (name: ErrorName, says?: string) => ({ once: waited(name, true), repeatedly: fails(name, patience.poll, says) });
/** It is not made again, however often it would fail. */
const surfaced = (name: ErrorName) => ({ once: fails(name), repeatedly: fails(name) });

const patience = { busy: 19, lost: 13, visibility: 121, dependency: 41, permission: 5, poll: 26 };
const busy = { once: waited('RequestThrottled', true), repeatedly: fails('RequestThrottled', patience.busy) };
const unavailable = retried('AwsUnavailable', patience.lost);
const unauthorized = retried('PermissionMissing', patience.permission);
const rejected = retried('FunctionCredentialsRejected', patience.permission);

/** A code of the matrix that is no answer at all: the call takes effect, and the connection closes. */
export const noAnswer = 'no answer';
const lost = { codes: [noAnswer], effect: true, once: succeeds() } as const;

/** What AWS answers a call to mean this: the codes of a row. One whose text matters too has a row of its own. */
function answersOf(service: Service, call: string, means: Meaning): Pick<Row, 'codes' | 'message'>[] {
  const found = answers.filter((answer) => answer.service === service && answer.call === call && answer.means === means);
  if (found.length === 0) throw new Error(`No answer to ${call} of ${service} means ${means}.`);
  const codes = found.flatMap(({ code, message }) => (message === undefined ? [code] : []));
  const withText = found.flatMap(({ code, message }) => (message === undefined ? [] : [{ codes: [code], message }]));
  return [...(codes.length > 0 ? [{ codes }] : []), ...withText];
}
type Outcome = Omit<Row, 'codes' | 'message'>;
const rows = (service: Service, call: string, means: Meaning, outcome: Outcome): Row[] =>
  answersOf(service, call, means).map((answer) => ({ ...answer, ...outcome }));
/** The same of a call of EC2. */
const each = (call: string, means: Meaning, outcome: Outcome) => rows('ec2', call, means, outcome);

/** The SDK repeats these calls twice before the step fails; a write that it repeats after it succeeded passes its own condition. */
const repeatedBySdk = (service: Service): Row[] => [
  ...rows(service, '*', 'throttled', { once: succeeds(undefined, true), repeatedly: waited('RequestThrottled', true), times: 4 }),
  ...rows(service, '*', 'unavailable', {
    status: 500,
    once: succeeds(undefined, true),
    repeatedly: succeeds('AwsUnavailable', true),
    times: 4,
  }),
  lost,
];
const refusedByJson = (service: Service): Row[] => [
  ...rows(service, '*', 'unauthorized', unauthorized),
  ...rows(service, '*', 'credentials', rejected),
  ...rows(service, '*', 'expired', rejected),
];

const everyCallOfEc2: readonly Row[] = [
  ...each('*', 'throttled', { status: 503, ...busy }),
  ...each('*', 'unavailable', { status: 502, ...unavailable }),
  { ...lost, once: succeeds('AwsUnavailable') },
  ...each('*', 'unauthorized', { status: 403, ...unauthorized }),
  ...each('*', 'account', { status: 401, ...surfaced('AccountNotReady') }),
  // The credentials are those of the function, which are right a moment later; the user's have nothing to do with it.
  ...each('*', 'credentials', { status: 401, ...rejected }),
  ...each('*', 'expired', rejected),
];

/** What every call of a service may be answered. Of the codes of a row that mean the same, each call meets another one. */
export const everyCall: Readonly<Record<string, readonly Row[]>> = {
  ec2: everyCallOfEc2,
  dynamodb: [...repeatedBySdk('dynamodb'), ...refusedByJson('dynamodb')],
  states: [...repeatedBySdk('states'), ...refusedByJson('states'), ...rows('states', '*', 'account', surfaced('AccountNotReady'))],
};

/** The same of the function that ends a failed operation, which fails with the error that it failed with before. */
export const everyCallOfTheFailed: Readonly<Record<string, readonly Row[]>> = {
  // The console of its instance cannot be read then, and that is all.
  ec2: [
    { codes: ['RequestLimitExceeded', 'AuthFailure'], once: succeeds() },
    { codes: ['InternalError', 'UnauthorizedOperation'], once: succeeds() },
    { codes: [noAnswer], once: succeeds() },
  ],
  dynamodb: [...repeatedBySdk('dynamodb'), ...rows('dynamodb', '*', 'unauthorized', { once: succeeds('PermissionMissing', true) })],
};

/** A resource that was just created is not known to the call yet. */
const notVisible = (call: string) => each(call, 'not-found', retried('NotVisibleYet', patience.visibility));
/** A deletion whose answer is the truth is done; where EC2 shows the resource all the same, it is not. */
const gone = (call: string): Row[] => goneAfter(call, 'PermissionMissing');
/** The same where the step deletes what it has not looked at: it looks after a refusal, and finds nothing. */
const goneUnseen = (call: string): Row[] => goneAfter(call, undefined);
const goneAfter = (call: string, afterUnauthorized: ErrorName | undefined): Row[] => [
  ...each(call, 'not-found', { effect: true, once: succeeds(undefined, false) }),
  // What a call that a tag of the resource allows answers when the resource is gone.
  ...each('*', 'unauthorized', { status: 403, effect: true, once: succeeds(afterUnauthorized, false) }),
  ...each(call, 'not-found', retried('NotVisibleYet', patience.visibility, 'still shows it')),
];
const stillInUse = (call: string, means: Meaning = 'still-in-use') =>
  each(call, means, retried('DependencyStillInUse', patience.dependency));
/** A resource that is there must be ours and visible before it is adopted; one that is not there is created. */
const alreadyThere = (call: string, means: Meaning, says: string): Row[] => [
  ...each(call, means, { effect: true, once: succeeds('NotVisibleYet', false) }),
  ...each(call, means, retried('NotVisibleYet', patience.visibility, says)),
];
/** The step looks only once the name is taken: what is there by then is adopted in the same invocation. */
const named = (call: string): Row[] => [
  ...each(call, 'duplicate-name', { effect: true, once: succeeds(undefined, false) }),
  ...each(call, 'duplicate-name', retried('NotVisibleYet', patience.visibility, 'exists')),
];
const quota = (call: string) => each(call, 'quota', surfaced('QuotaReached'));
/** The same token came with other parameters. */
const mismatch = (call: string, says?: string) => each(call, 'token-mismatch', retried('InstanceNotVisibleYet', patience.visibility, says));
/** The answer counts as done. Where it is not the truth, what comes after it tells. */
const doneUnless = (call: string, means: Meaning): Row[] => [
  ...each(call, means, { effect: true, once: succeeds(undefined, false) }),
  ...each(call, means, retried('DependencyStillInUse', patience.dependency, 'DependencyViolation')),
];

/** What a call of EC2 may be answered besides, made by any function or by the one that is named. Each that changes anything is here. */
const ec2Calls: Readonly<Record<string, readonly Row[]>> = {
  CreateVpc: quota('CreateVpc'),
  ModifyVpcAttribute: notVisible('ModifyVpcAttribute'),
  CreateInternetGateway: quota('CreateInternetGateway'),
  AttachInternetGateway: [
    ...notVisible('AttachInternetGateway'),
    ...each('AttachInternetGateway', 'already-there', { effect: true, once: succeeds(undefined, false) }),
    ...each('AttachInternetGateway', 'already-there', retried('NotVisibleYet', patience.visibility, 'is attached')),
  ],
  'attachInternetGateway DescribeInternetGateways': notVisible('DescribeInternetGateways'),
  CreateSubnet: [...notVisible('CreateSubnet'), ...alreadyThere('CreateSubnet', 'subnet-conflict', 'is taken'), ...quota('CreateSubnet')],
  ModifySubnetAttribute: notVisible('ModifySubnetAttribute'),
  CreateRouteTable: [...notVisible('CreateRouteTable'), ...mismatch('CreateRouteTable'), ...quota('CreateRouteTable')],
  CreateRoute: [...notVisible('CreateRoute'), ...alreadyThere('CreateRoute', 'already-there', 'has a route'), ...quota('CreateRoute')],
  AssociateRouteTable: [...notVisible('AssociateRouteTable'), ...alreadyThere('AssociateRouteTable', 'already-there', 'is associated')],
  CreateSecurityGroup: [...notVisible('CreateSecurityGroup'), ...named('CreateSecurityGroup'), ...quota('CreateSecurityGroup')],
  AuthorizeSecurityGroupIngress: [
    ...notVisible('AuthorizeSecurityGroupIngress'),
    ...alreadyThere('AuthorizeSecurityGroupIngress', 'already-there', 'visible yet'),
    ...quota('AuthorizeSecurityGroupIngress'),
  ],
  RevokeSecurityGroupIngress: [
    // The step looks again, and where the rule is gone, goes on.
    { codes: ['InvalidPermission.NotFound'], effect: true, once: succeeds('NotVisibleYet', false) },
    ...notVisible('RevokeSecurityGroupIngress'),
  ],
  'importKeyPair DeleteKeyPair': [
    ...each('DeleteKeyPair', 'not-found', { effect: true, once: succeeds('NotVisibleYet', false) }),
    ...notVisible('DeleteKeyPair'),
  ],
  ImportKeyPair: [...named('ImportKeyPair'), ...quota('ImportKeyPair')],
  ModifyNetworkInterfaceAttribute: notVisible('ModifyNetworkInterfaceAttribute'),
  CreateNetworkInterface: [
    ...notVisible('CreateNetworkInterface'),
    ...mismatch('CreateNetworkInterface'),
    // In another subnet, it succeeds.
    ...each('CreateNetworkInterface', 'subnet-full', { once: succeeds('SubnetFull', true) }),
    ...quota('CreateNetworkInterface'),
  ],
  RunInstances: [
    ...notVisible('RunInstances'),
    ...each('RunInstances', 'token-mismatch', { effect: true, once: succeeds(undefined, false) }),
    ...mismatch('RunInstances', 'An earlier attempt'),
    ...each('RunInstances', 'instance-terminated', surfaced('InstanceFailedToLaunch')),
    ...each('RunInstances', 'interface-in-use', { effect: true, once: succeeds(undefined, false) }),
    ...each('RunInstances', 'interface-in-use', retried('DependencyStillInUse', patience.dependency, 'still attached')),
    ...each('RunInstances', 'no-image', { once: succeeds('ImageUnavailable', true), repeatedly: fails('ImageNotFound', 2) }),
    // In another zone, it succeeds. There are six.
    ...each('RunInstances', 'no-capacity', { once: succeeds('NoCapacity', true), repeatedly: fails('NoCapacity', 6) }),
    ...quota('RunInstances'),
    ...each('RunInstances', 'volume-key', surfaced('VolumeKeyNotUsable')),
    ...each('RunInstances', 'instance-type', surfaced('InstanceTypeNotSupported')),
    ...each('RunInstances', 'free-tier', surfaced('InstanceTypeNotInFreeTier')),
    ...each('RunInstances', 'volume-too-small', surfaced('VolumeSizeNotValid')),
    // A bug of ours, which no row of the table makes anything else of.
    { codes: ['InvalidUserData.Malformed'], ...surfaced('AwsRefused') },
  ],
  // Without an answer of use, the step leaves it to EnsureUserData to look.
  'planStart DescribeInstanceAttribute': [
    { codes: ['InvalidInstanceID.NotFound'], once: succeeds(undefined, false) },
    ...each('*', 'unauthorized', { status: 403, once: succeeds(undefined, false) }),
  ],
  StartInstances: [
    ...notVisible('StartInstances'),
    ...each('StartInstances', 'wrong-state', { effect: true, once: succeeds(undefined, false) }),
    ...each('StartInstances', 'wrong-state', polled('InstanceStillStopping', 'is stopped')),
    ...each('StartInstances', 'no-capacity', surfaced('NoCapacityToStart')),
    ...quota('StartInstances'),
    ...each('StartInstances', 'volume-key', surfaced('VolumeKeyNotUsable')),
  ],
  ModifyInstanceAttribute: [
    ...notVisible('ModifyInstanceAttribute'),
    ...each('ModifyInstanceAttribute', 'wrong-state', { effect: true, once: waited('InstanceStillStopping', false) }),
    ...each('ModifyInstanceAttribute', 'wrong-state', polled('InstanceStillStopping', 'cannot be changed yet')),
  ],
  // Refused, the step records what EC2 has: no other call of it may fail then, or it fails with that.
  'changeInstanceType ModifyInstanceAttribute': [
    ...everyCallOfEc2,
    ...notVisible('ModifyInstanceAttribute'),
    ...each('ModifyInstanceAttribute', 'wrong-state', { effect: true, once: succeeds(undefined, false) }),
    ...each('ModifyInstanceAttribute', 'wrong-state', polled('InstanceStillStopping', 'cannot be changed yet')),
    ...each('ModifyInstanceAttribute', 'instance-type', surfaced('InstanceTypeNotSupported')),
  ],
  // The same, after it has looked at what has become of the volume.
  ModifyVolume: [
    ...everyCallOfEc2.filter(({ codes }) => !codes.includes(noAnswer)),
    ...notVisible('ModifyVolume'),
    { ...lost, once: waited('VolumeStillModifying', false) },
    ...each('ModifyVolume', 'volume-changed', { effect: true, once: waited('VolumeStillModifying', false) }),
    ...each('ModifyVolume', 'volume-changed', surfaced('VolumeChangedRecently')),
  ],
  // Refused, the step looks, and tries once more where it sees something to stop.
  StopInstances: [
    ...each('StopInstances', 'not-found', {
      once: succeeds(undefined, true),
      repeatedly: fails('NotVisibleYet', 2 * patience.visibility),
    }),
    ...each('*', 'unauthorized', {
      status: 403,
      once: succeeds(undefined, true),
      repeatedly: fails('PermissionMissing', 2 * patience.permission),
    }),
    ...each('StopInstances', 'wrong-state', { effect: true, once: waited('InstanceNotRunning') }),
    ...each('StopInstances', 'wrong-state', polled('InstanceNotRunning', 'cannot be stopped yet')),
    ...each('StopInstances', 'protected', surfaced('InstanceProtected')),
  ],
  TerminateInstances: [
    ...each('TerminateInstances', 'not-found', { effect: true, once: succeeds('InstanceNotVisibleYet', false) }),
    ...each('TerminateInstances', 'not-found', retried('InstanceNotVisibleYet', patience.visibility, 'no longer knows')),
    ...each('TerminateInstances', 'protected', surfaced('InstanceProtected')),
  ],
  DeleteNetworkInterface: [
    ...goneUnseen('DeleteNetworkInterface'),
    ...stillInUse('DeleteNetworkInterface', 'interface-in-use'),
    ...stillInUse('DeleteNetworkInterface'),
  ],
  DeleteSecurityGroup: [...goneUnseen('DeleteSecurityGroup'), ...stillInUse('DeleteSecurityGroup')],
  DeleteKeyPair: gone('DeleteKeyPair'),
  DeleteVolume: [...gone('DeleteVolume'), ...stillInUse('DeleteVolume')],
  CreateImage: [
    ...notVisible('CreateImage'),
    ...named('CreateImage'),
    ...each('CreateImage', 'wrong-state', retried('DependencyStillInUse', patience.dependency)),
    ...each('CreateImage', 'throttled', busy),
    ...quota('CreateImage'),
  ],
  DeregisterImage: [
    ...each('DeregisterImage', 'no-image', { effect: true, once: succeeds(undefined, false) }),
    // What the image uses tells that it is still there.
    ...each('DeregisterImage', 'no-image', retried('DependencyStillInUse', patience.dependency, 'InvalidSnapshot.InUse')),
  ],
  DeleteSnapshot: [...gone('DeleteSnapshot'), ...stillInUse('DeleteSnapshot')],
  DisassociateRouteTable: doneUnless('DisassociateRouteTable', 'not-found'),
  DeleteRouteTable: [...gone('DeleteRouteTable'), ...stillInUse('DeleteRouteTable')],
  DetachInternetGateway: [...doneUnless('DetachInternetGateway', 'not-attached'), ...stillInUse('DetachInternetGateway')],
  DeleteInternetGateway: [...gone('DeleteInternetGateway'), ...stillInUse('DeleteInternetGateway')],
  DeleteSubnet: [...gone('DeleteSubnet'), ...stillInUse('DeleteSubnet')],
  DeleteVpc: [...gone('DeleteVpc'), ...stillInUse('DeleteVpc')],
  // A twin that is not empty stays: somebody has put something into it.
  'recordNetwork DeleteVpc': gone('DeleteVpc'),
};

/** The same of the calls of DynamoDB that make and delete the table. */
const dynamodbCalls: Readonly<Record<string, readonly Row[]>> = {
  CreateTable: [
    ...rows('dynamodb', 'CreateTable', 'throttled', { once: succeeds(undefined, true) }),
    // The SDK takes this code for throttling, and repeats the call.
    ...rows('dynamodb', 'CreateTable', 'quota', { once: succeeds(undefined, true), repeatedly: fails('QuotaReached', 3) }),
    ...rows('dynamodb', 'CreateTable', 'table-in-use', { effect: true, once: succeeds(undefined, false) }),
    ...rows('dynamodb', 'CreateTable', 'table-in-use', polled('TableNotActive', 'not visible')),
  ],
  DeleteTable: [
    ...rows('dynamodb', 'DeleteTable', 'throttled', { once: succeeds(undefined, true) }),
    ...rows('dynamodb', 'DeleteTable', 'no-table', { effect: true, once: succeeds(undefined, false) }),
    ...rows('dynamodb', 'DeleteTable', 'table-in-use', polled('TableStillDeleting', 'is being deleted')),
  ],
};

/** What the calls of a service may be answered besides. */
export const specialCalls: Readonly<Record<string, Readonly<Record<string, readonly Row[]>>>> = {
  ec2: ec2Calls,
  dynamodb: dynamodbCalls,
};
