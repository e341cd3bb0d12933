import { type ErrorName, isErrorName, RecodeError } from '../core/errors.ts';

/** What an answer of AWS means to a step, whatever code says it. */
export type Meaning =
  | 'throttled'
  | 'unavailable'
  | 'not-found'
  | 'no-image'
  | 'still-in-use'
  | 'already-there'
  | 'duplicate-name'
  | 'subnet-conflict'
  | 'token-mismatch'
  | 'interface-in-use'
  | 'wrong-state'
  | 'not-attached'
  | 'no-capacity'
  | 'subnet-full'
  | 'quota'
  | 'unauthorized'
  | 'account'
  | 'credentials'
  | 'expired'
  | 'instance-type'
  | 'volume-too-small'
  | 'condition-failed'
  | 'no-table'
  | 'other-table'
  | 'table-in-use'
  | 'no-execution'
  | 'execution-exists'
  | 'unknown';

/**
 * The one table of vendor codes. Sources: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html and the error
 * pages of DynamoDB and Step Functions.
 */
const codes: readonly (readonly [code: RegExp, meaning: Meaning, message?: RegExp])[] = [
  [
    /^(RequestLimitExceeded|Throttling|ThrottlingException|ThrottledException|TooManyRequestsException|RequestThrottled|ProvisionedThroughputExceededException|LimitExceededException|SlowDown)$/,
    'throttled',
  ],
  [
    /^(InternalError|InternalFailure|InternalServerError|ServiceUnavailable|ServiceUnavailableException|Unavailable|TimeoutError|RequestTimeout|RequestTimeoutException|NetworkingError|ECONNRESET|ECONNREFUSED|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN)$/,
    'unavailable',
  ],
  [
    /^Invalid(InstanceID|Group|GroupId|NetworkInterfaceID|SubnetID|VpcID|RouteTableID|InternetGatewayID|GatewayID|Volume|KeyPair|AssociationID|Permission)\.NotFound$/,
    'not-found',
  ],
  [/^InvalidAMIID\.(NotFound|Unavailable)$/, 'no-image'],
  [/^(DependencyViolation|InvalidGroup\.InUse|VolumeInUse)$/, 'still-in-use'],
  // What DeleteNetworkInterface says of one that is attached.
  [/^InvalidParameterValue$/, 'still-in-use', /in use/i],
  [/^(RouteAlreadyExists|Resource\.AlreadyAssociated|InvalidPermission\.Duplicate)$/, 'already-there'],
  // What AttachInternetGateway says of a VPC that has one.
  [/^InvalidParameterValue$/, 'already-there', /already has an internet gateway/i],
  [/^(InvalidGroup\.Duplicate|InvalidKeyPair\.Duplicate)$/, 'duplicate-name'],
  [/^InvalidSubnet\.Conflict$/, 'subnet-conflict'],
  [/^IdempotentParameterMismatch$/, 'token-mismatch'],
  [/^InvalidNetworkInterface\.InUse$/, 'interface-in-use'],
  [/^(IncorrectInstanceState|IncorrectState)$/, 'wrong-state'],
  [/^Gateway\.NotAttached$/, 'not-attached'],
  [/^(InsufficientInstanceCapacity|InsufficientCapacity|Unsupported)$/, 'no-capacity'],
  [/^InsufficientFreeAddressesInSubnet$/, 'subnet-full'],
  [
    /^(Vcpu|Instance|SecurityGroup|NetworkInterface|Vpc|Subnet|RouteTable|InternetGateway|Address|KeyPair|Volume|RulesPerSecurityGroup)LimitExceeded$/,
    'quota',
  ],
  [/^(UnauthorizedOperation|AccessDenied|AccessDeniedException)$/, 'unauthorized'],
  [/^(OptInRequired|PendingVerification|Blocked)$/, 'account'],
  [
    /^(AuthFailure|UnrecognizedClientException|InvalidClientTokenId|SignatureDoesNotMatch|IncompleteSignature|MissingAuthenticationToken)$/,
    'credentials',
  ],
  [/^(ExpiredToken|ExpiredTokenException|RequestExpired)$/, 'expired'],
  [/^InvalidInstanceType$/, 'instance-type'],
  // What an account on the free tier is told of other types.
  [/^InvalidParameterCombination$/, 'instance-type', /free tier/i],
  [/^InvalidBlockDeviceMapping$/, 'volume-too-small'],
  [/^ConditionalCheckFailedException$/, 'condition-failed'],
  [/^ResourceNotFoundException$/, 'no-table'],
  // What a table of our name answers that has other keys.
  [/^ValidationException$/, 'other-table', /key element does not match the schema/i],
  [/^ResourceInUseException$/, 'table-in-use'],
  [/^(ExecutionDoesNotExist|StateMachineDoesNotExist)$/, 'no-execution'],
  [/^ExecutionAlreadyExists$/, 'execution-exists'],
];

/** The error of the catalogue that a meaning becomes where a step does not know better. */
const becomes: Partial<Record<Meaning, ErrorName>> = {
  throttled: 'RequestThrottled',
  unavailable: 'AwsUnavailable',
  'not-found': 'NotVisibleYet',
  'no-image': 'ImageUnavailable',
  'still-in-use': 'DependencyStillInUse',
  'duplicate-name': 'NameOwnedElsewhere',
  'token-mismatch': 'InstanceNotVisibleYet',
  'interface-in-use': 'DependencyStillInUse',
  'wrong-state': 'DependencyStillInUse',
  'no-capacity': 'NoCapacity',
  'subnet-full': 'SubnetFull',
  quota: 'QuotaReached',
  unauthorized: 'PermissionMissing',
  account: 'AccountNotReady',
  credentials: 'CredentialsNotValid',
  expired: 'CredentialsExpired',
  'instance-type': 'InstanceTypeNotSupported',
  'volume-too-small': 'VolumeSizeNotValid',
  'no-table': 'RecodeNotInstalled',
};

/** What an error of the SDK means; `unknown` for anything else. */
export function meaningOf(error: unknown): Meaning {
  if (!(error instanceof Error)) return 'unknown';
  const names = 'code' in error && typeof error.code === 'string' ? [error.name, error.code] : [error.name];
  const found = codes.find(([pattern, , message]) => names.some((name) => pattern.test(name)) && (message?.test(error.message) ?? true));
  if (found) return found[1];
  return (statusOf(error) ?? 0) >= 500 ? 'unavailable' : 'unknown';
}

/**
 * Makes any error one of the catalogue: ours stay, AWS's are read by the table above, what is left is a defect of ours.
 */
export function translate(error: unknown): RecodeError {
  if (error instanceof RecodeError) return error;
  const meaning = meaningOf(error);
  const said = statusOf(error) !== undefined;
  return new RecodeError(becomes[meaning] ?? (said ? 'AwsRefused' : 'Unexpected'), messageOf(error, said), { cause: error });
}

function messageOf(error: unknown, saidByAws: boolean): string {
  if (!(error instanceof Error)) return String(error);
  return saidByAws ? `AWS says: ${error.message.replace(/\.$/, '')} (${error.name}).` : `${error.name}: ${error.message}`;
}

/**
 * Runs a call whose refusal of one kind is an answer too: what it means is returned as `undefined`, every other error escapes.
 */
export async function unless<Answer>(meaning: Meaning, call: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await call;
  } catch (error) {
    if (meaningOf(error) === meaning) return undefined;
    throw error;
  }
}

/** An execution's failure as it was thrown: a step's errors keep their name, anything else is unexpected. */
export function failureOf(name: string, cause: string): RecodeError {
  if (isErrorName(name)) return new RecodeError(name, causeMessage(cause));
  if (name === 'States.Timeout') return new RecodeError('ExecutionTimedOut', causeMessage(cause) || 'A step exceeded its time limit.');
  return new RecodeError('Unexpected', `${name}: ${causeMessage(cause)}`);
}

/** The message in the JSON that Step Functions makes a failed Lambda's cause. */
function causeMessage(cause: string): string {
  try {
    const parsed: unknown = JSON.parse(cause);
    if (typeof parsed === 'object' && parsed !== null && 'errorMessage' in parsed) return String(parsed.errorMessage);
  } catch (error) {
    // Not every cause is JSON: a time-out's is a sentence.
    if (!(error instanceof SyntaxError)) throw error;
  }
  return cause;
}

function statusOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('$metadata' in error)) return undefined;
  const metadata = error.$metadata as { httpStatusCode?: number };
  return metadata.httpStatusCode;
}
