import type { ErrorName } from '../../core/errors.ts';

/** The execution succeeds all the same. */
export interface Endured {
  readonly ends: 'SUCCEEDED';
  /** What the step fails with before the state machine repeats it; absent where the step finds its way by itself, or the SDK does. */
  readonly after?: ErrorName;
  /** Whether the call is made again, or what it was to do is found done; absent where either may be. */
  readonly again?: boolean;
}

/** The execution fails, and tells why. */
export interface Surfaced {
  readonly ends: 'FAILED';
  readonly name: ErrorName;
  /** How many times the call is made: more often than once where repeating it may help. */
  readonly calls: number;
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
const fails = (name: ErrorName, calls = 1, says?: string): Surfaced => ({ ends: 'FAILED', name, calls, ...(says && { says }) });

/** The call is made again until the state machine loses its patience, which it does after so many calls. */
const retried = (name: ErrorName, calls: number, says?: string) => ({ once: succeeds(name, true), repeatedly: fails(name, calls, says) });
/** It is not made again, however often it would fail. */
const surfaced = (name: ErrorName) => ({ once: fails(name), repeatedly: fails(name) });

const patience = { busy: 21, lost: 13, visibility: 121, dependency: 41, permission: 5, poll: 601 };
const busy = retried('RequestThrottled', patience.busy);
const unavailable = retried('AwsUnavailable', patience.lost);
const unauthorized = retried('PermissionMissing', patience.permission);

/** A code of the matrix that is no answer at all: the call takes effect, and the connection closes. */
export const noAnswer = 'no answer';
const lost = { codes: [noAnswer], effect: true, once: succeeds() } as const;

/** The SDK repeats these calls twice before the step fails; a write that it repeats after it succeeded passes its own condition. */
const repeatedBySdk = (throttling: readonly string[], internal: readonly string[]): Row[] => [
  { codes: throttling, once: succeeds(undefined, true), repeatedly: succeeds('RequestThrottled', true), times: 4 },
  { codes: internal, status: 500, once: succeeds(undefined, true), repeatedly: succeeds('AwsUnavailable', true), times: 4 },
  lost,
];
const dynamodb = repeatedBySdk(
  ['ProvisionedThroughputExceededException', 'ThrottlingException', 'RequestLimitExceeded'],
  ['InternalServerError', 'ServiceUnavailable'],
);
const states = repeatedBySdk(['ThrottlingException'], ['InternalFailure', 'ServiceUnavailable']);
const refusedByJson: readonly Row[] = [
  { codes: ['AccessDeniedException'], ...unauthorized },
  { codes: ['UnrecognizedClientException'], ...surfaced('CredentialsNotValid') },
];

/** What every call of a service may be answered. Of the codes of a row that mean the same, each call meets another one. */
export const everyCall: Readonly<Record<string, readonly Row[]>> = {
  ec2: [
    { codes: ['RequestLimitExceeded', 'Throttling'], status: 503, ...busy },
    { codes: ['InternalError', 'Unavailable', 'InternalFailure', 'ServiceUnavailable', 'BadGateway'], status: 502, ...unavailable },
    { ...lost, once: succeeds('AwsUnavailable') },
    { codes: ['UnauthorizedOperation'], status: 403, message: 'You are not authorized to perform this operation.', ...unauthorized },
    { codes: ['OptInRequired', 'PendingVerification', 'Blocked'], status: 401, ...surfaced('AccountNotReady') },
    { codes: ['AuthFailure', 'UnrecognizedClientException'], status: 401, ...surfaced('CredentialsNotValid') },
  ],
  dynamodb: [...dynamodb, ...refusedByJson],
  states: [...states, ...refusedByJson],
};

/** The same of the function that ends a failed operation, which fails with the error that it failed with before. */
export const everyCallOfTheFailed: Readonly<Record<string, readonly Row[]>> = {
  // The console of its instance cannot be read then, and that is all.
  ec2: [
    { codes: ['RequestLimitExceeded', 'AuthFailure'], once: succeeds() },
    { codes: ['InternalError', 'UnauthorizedOperation'], once: succeeds() },
    { codes: [noAnswer], once: succeeds() },
  ],
  dynamodb: [...dynamodb, { codes: ['AccessDeniedException'], once: succeeds('PermissionMissing', true) }],
};

/** What was created a moment ago is not known to the call yet. */
const notVisible = (...codes: string[]): Row => ({ codes, ...retried('NotVisibleYet', patience.visibility) });
/** A deletion whose answer is the truth is done; where EC2 shows the resource all the same, it is not. */
const gone = (code: string): Row[] => [
  { codes: [code], effect: true, once: succeeds(undefined, false) },
  // What a call that a tag of the resource allows answers when the resource is gone.
  { codes: ['UnauthorizedOperation'], status: 403, effect: true, once: succeeds('PermissionMissing', false) },
  { codes: [code], ...retried('NotVisibleYet', patience.visibility, 'shows it all the same') },
];
/** The step looks again, and where the resource is gone, goes on. */
const goneByNow = (code: string): Row[] => [{ codes: [code], effect: true, once: succeeds('NotVisibleYet', false) }, notVisible(code)];
const stillInUse = (...codes: string[]): Row => ({ codes, ...retried('DependencyStillInUse', patience.dependency) });
/** Whatever there is must be ours and visible before it is adopted; what is not there, is made. */
const alreadyThere = (code: string, says: string): Row[] => [
  { codes: [code], effect: true, once: succeeds('NotVisibleYet', false) },
  { codes: [code], ...retried('NotVisibleYet', patience.visibility, says) },
];
const quota = (...codes: string[]): Row => ({ codes, ...surfaced('QuotaReached') });
const noCapacity = (...codes: string[]): Row => ({ codes, ...surfaced('NoCapacity') });
/** The same token came with other parameters. */
const mismatch = (says?: string): Row => ({
  codes: ['IdempotentParameterMismatch'],
  ...retried('InstanceNotVisibleYet', patience.visibility, says),
});
/** The answer counts as done. Where it is not the truth, what comes after it tells. */
const doneUnless = (code: string): Row[] => [
  { codes: [code], effect: true, once: succeeds(undefined, false) },
  { codes: [code], ...retried('DependencyStillInUse', patience.dependency, 'DependencyViolation') },
];

/** What a call of EC2 may be answered besides, made by any function or by the one that is named. Each that changes anything is here. */
const ec2Calls: Readonly<Record<string, readonly Row[]>> = {
  CreateVpc: [quota('VpcLimitExceeded')],
  ModifyVpcAttribute: [notVisible('InvalidVpcID.NotFound')],
  CreateInternetGateway: [quota('InternetGatewayLimitExceeded')],
  AttachInternetGateway: [
    notVisible('InvalidVpcID.NotFound', 'InvalidInternetGatewayID.NotFound'),
    { codes: ['Resource.AlreadyAssociated'], effect: true, once: succeeds(undefined, false) },
    { codes: ['Resource.AlreadyAssociated'], ...retried('NotVisibleYet', patience.visibility, 'is attached') },
  ],
  'attachInternetGateway DescribeInternetGateways': [notVisible('InvalidInternetGatewayID.NotFound')],
  CreateSubnet: [notVisible('InvalidVpcID.NotFound'), ...alreadyThere('InvalidSubnet.Conflict', 'is taken'), quota('SubnetLimitExceeded')],
  ModifySubnetAttribute: [notVisible('InvalidSubnetID.NotFound')],
  CreateRouteTable: [notVisible('InvalidVpcID.NotFound'), mismatch(), quota('RouteTableLimitExceeded')],
  CreateRoute: [
    notVisible('InvalidRouteTableID.NotFound', 'InvalidGatewayID.NotFound', 'InvalidInternetGatewayID.NotFound'),
    ...alreadyThere('RouteAlreadyExists', 'has a route'),
  ],
  AssociateRouteTable: [
    notVisible('InvalidRouteTableID.NotFound', 'InvalidSubnetID.NotFound'),
    ...alreadyThere('Resource.AlreadyAssociated', 'is associated'),
  ],
  CreateSecurityGroup: [
    notVisible('InvalidVpcID.NotFound'),
    ...alreadyThere('InvalidGroup.Duplicate', 'exists'),
    quota('SecurityGroupLimitExceeded'),
  ],
  AuthorizeSecurityGroupIngress: [
    notVisible('InvalidGroup.NotFound'),
    ...alreadyThere('InvalidPermission.Duplicate', 'visible yet'),
    quota('RulesPerSecurityGroupLimitExceeded'),
  ],
  RevokeSecurityGroupIngress: [notVisible('InvalidGroup.NotFound'), ...goneByNow('InvalidPermission.NotFound')],
  'importKeyPair DeleteKeyPair': goneByNow('InvalidKeyPair.NotFound'),
  ImportKeyPair: [...alreadyThere('InvalidKeyPair.Duplicate', 'exists'), quota('KeyPairLimitExceeded')],
  ModifyNetworkInterfaceAttribute: [notVisible('InvalidNetworkInterfaceID.NotFound')],
  CreateNetworkInterface: [
    notVisible('InvalidSubnetID.NotFound', 'InvalidGroup.NotFound'),
    mismatch(),
    { codes: ['InsufficientFreeAddressesInSubnet'], ...surfaced('SubnetFull') },
    quota('NetworkInterfaceLimitExceeded'),
  ],
  RunInstances: [
    notVisible('InvalidNetworkInterfaceID.NotFound', 'InvalidKeyPair.NotFound'),
    { codes: ['IdempotentParameterMismatch'], effect: true, once: succeeds(undefined, false) },
    mismatch('An earlier attempt'),
    { codes: ['InvalidNetworkInterface.InUse'], effect: true, once: succeeds(undefined, false) },
    { codes: ['InvalidNetworkInterface.InUse'], ...retried('DependencyStillInUse', patience.dependency, 'still attached') },
    {
      codes: ['InvalidAMIID.NotFound', 'InvalidAMIID.Unavailable'],
      once: succeeds('ImageUnavailable', true),
      repeatedly: fails('ImageNotFound', 2),
    },
    noCapacity('InsufficientInstanceCapacity', 'Unsupported'),
    quota('VcpuLimitExceeded', 'InstanceLimitExceeded', 'VolumeLimitExceeded', 'AddressLimitExceeded'),
    { codes: ['InvalidInstanceType'], ...surfaced('InstanceTypeNotSupported') },
    {
      codes: ['InvalidParameterCombination'],
      message: 'The specified instance type is not eligible for Free Tier.',
      ...surfaced('InstanceTypeNotSupported'),
    },
    { codes: ['InvalidBlockDeviceMapping'], ...surfaced('VolumeSizeNotValid') },
    { codes: ['InvalidUserData.Malformed'], ...surfaced('AwsRefused') },
  ],
  StartInstances: [
    notVisible('InvalidInstanceID.NotFound'),
    { codes: ['IncorrectInstanceState'], effect: true, once: succeeds(undefined, false) },
    { codes: ['IncorrectInstanceState'], ...retried('InstanceStillStopping', patience.poll, 'is stopped') },
    noCapacity('InsufficientInstanceCapacity'),
    quota('VcpuLimitExceeded', 'InstanceLimitExceeded'),
  ],
  StopInstances: [
    notVisible('InvalidInstanceID.NotFound'),
    { codes: ['IncorrectInstanceState'], effect: true, once: succeeds('InstanceNotRunning') },
    { codes: ['IncorrectInstanceState'], ...retried('InstanceNotRunning', patience.poll, 'not in a state to be stopped') },
  ],
  TerminateInstances: [
    { codes: ['InvalidInstanceID.NotFound'], effect: true, once: succeeds('InstanceNotVisibleYet', false) },
    { codes: ['InvalidInstanceID.NotFound'], ...retried('InstanceNotVisibleYet', patience.visibility, 'does not know') },
  ],
  DeleteNetworkInterface: [
    ...gone('InvalidNetworkInterfaceID.NotFound'),
    stillInUse('InvalidNetworkInterface.InUse'),
    { ...stillInUse('InvalidParameterValue'), message: "Network interface 'eni-0' is currently in use." },
  ],
  DeleteSecurityGroup: [...gone('InvalidGroup.NotFound'), stillInUse('DependencyViolation', 'InvalidGroup.InUse')],
  DeleteKeyPair: gone('InvalidKeyPair.NotFound'),
  DeleteVolume: [...gone('InvalidVolume.NotFound'), stillInUse('VolumeInUse')],
  DisassociateRouteTable: doneUnless('InvalidAssociationID.NotFound'),
  DeleteRouteTable: [...gone('InvalidRouteTableID.NotFound'), stillInUse('DependencyViolation')],
  DetachInternetGateway: [...doneUnless('Gateway.NotAttached'), stillInUse('DependencyViolation')],
  DeleteInternetGateway: [...gone('InvalidInternetGatewayID.NotFound'), stillInUse('DependencyViolation')],
  DeleteSubnet: [...gone('InvalidSubnetID.NotFound'), stillInUse('DependencyViolation')],
  DeleteVpc: [...gone('InvalidVpcID.NotFound'), stillInUse('DependencyViolation')],
  // A twin that is not empty stays: somebody has put something into it.
  'recordNetwork DeleteVpc': gone('InvalidVpcID.NotFound'),
};

/** The same of the calls of DynamoDB that make and delete the table. */
const dynamodbCalls: Readonly<Record<string, readonly Row[]>> = {
  CreateTable: [
    { codes: ['LimitExceededException'], once: succeeds(undefined, true) },
    { codes: ['ResourceInUseException'], effect: true, once: succeeds(undefined, false) },
    { codes: ['ResourceInUseException'], ...retried('TableNotActive', patience.poll, 'not visible') },
  ],
  DeleteTable: [
    { codes: ['LimitExceededException'], once: succeeds(undefined, true) },
    { codes: ['ResourceNotFoundException'], effect: true, once: succeeds(undefined, false) },
    { codes: ['ResourceInUseException'], ...retried('TableStillDeleting', patience.poll, 'is being deleted') },
  ],
};

/** What the calls of a service may be answered besides. */
export const specialCalls: Readonly<Record<string, Readonly<Record<string, readonly Row[]>>>> = {
  ec2: ec2Calls,
  dynamodb: dynamodbCalls,
};
