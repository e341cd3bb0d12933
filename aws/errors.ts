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
  | 'instance-terminated'
  | 'protected'
  | 'no-capacity'
  | 'subnet-full'
  | 'quota'
  | 'volume-key'
  | 'unauthorized'
  | 'account'
  | 'credentials'
  | 'expired'
  | 'clock'
  | 'instance-type'
  | 'free-tier'
  | 'volume-too-small'
  | 'volume-changed'
  | 'condition-failed'
  | 'no-table'
  | 'other-table'
  | 'no-index'
  | 'table-in-use'
  | 'no-execution'
  | 'execution-exists'
  | 'unknown';

/**
 * The one table of vendor codes. AWS has several spellings for one meaning, by call and by age. The first row that fits counts, so the
 * rows that read the message come before those of the code alone. test/aws/answers.ts names a source for each code of each call.
 */
const codes: readonly (readonly [code: RegExp, meaning: Meaning, message?: RegExp])[] = [
  // DynamoDB has one code for "too many changes at once" and for its quota of tables.
  [/^LimitExceededException$/, 'quota', /limit of [\d,]+ tables/i],
  [
    /^(RequestLimitExceeded|Throttling|ThrottlingException|ThrottledException|EC2ThrottledException|TooManyRequestsException|RequestThrottled|RequestThrottledException|ConcurrentMutationLimitExceeded|BandwidthLimitExceeded|PriorRequestNotComplete|ProvisionedThroughputExceededException|TransactionInProgressException|LimitExceededException|SlowDown|SnapshotCreationPerVolumeRateExceeded)$/,
    'throttled',
  ],
  [
    /^(InternalError|InternalFailure|InternalServerError|ServiceUnavailable|ServiceUnavailableException|Unavailable|TimeoutError|RequestTimeout|RequestTimeoutException|NetworkingError|ECONNRESET|ECONNREFUSED|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN)$/,
    'unavailable',
  ],
  [
    /^Invalid(InstanceI[Dd]|Group|GroupI[Dd]|SecurityGroupI[Dd]|NetworkInterfaceI[Dd]|SubnetI[Dd]|VpcI[Dd]|RouteTableI[Dd]|InternetGatewayI[Dd]|GatewayI[Dd]|Volume|VolumeI[Dd]|KeyPair|AssociationI[Dd]|Permission|Snapshot)\.NotFound$/,
    'not-found',
  ],
  [/^InvalidAMIID\.(NotFound|Unavailable)$/, 'no-image'],
  // What RunInstances says of an image that is no longer public.
  [/^AuthFailure$/, 'no-image', /not authorized for images/i],
  [/^(DependencyViolation|InvalidGroup\.InUse|VolumeInUse|InvalidSnapshot\.InUse)$/, 'still-in-use'],
  // What DeleteNetworkInterface says of one that is attached.
  [/^InvalidParameterValue$/, 'still-in-use', /in use/i],
  [/^(RouteAlreadyExists|Resource\.AlreadyAssociated|InvalidPermission\.Duplicate)$/, 'already-there'],
  // What AttachInternetGateway says of a VPC that has one.
  [/^InvalidParameterValue$/, 'already-there', /already has an internet gateway/i],
  [/^(InvalidGroup\.Duplicate|InvalidKeyPair\.Duplicate|InvalidAMIName\.Duplicate)$/, 'duplicate-name'],
  [/^InvalidSubnet\.Conflict$/, 'subnet-conflict'],
  [/^IdempotentParameterMismatch$/, 'token-mismatch'],
  [/^IdempotentInstanceTerminated$/, 'instance-terminated'],
  [/^InvalidNetworkInterface\.InUse$/, 'interface-in-use'],
  [/^(IncorrectInstanceState|IncorrectState)$/, 'wrong-state'],
  [/^Gateway\.NotAttached$/, 'not-attached'],
  // What TerminateInstances and StopInstances say of an instance that is protected from them.
  [/^OperationNotPermitted$/, 'protected', /disableApi(Termination|Stop)/i],
  [/^(Insufficient(Instance|Host|ReservedInstance|Volume|Address)?Capacity|Unsupported)$/, 'no-capacity'],
  [/^InsufficientFreeAddressesInSubnet$/, 'subnet-full'],
  [
    /^(Vcpu|Instance|SecurityGroup|SecurityGroupsPerInterface|NetworkInterface|Vpc|Subnet|RouteTable|Route|InternetGateway|Address|KeyPair|Volume|Snapshot|ConcurrentSnapshot|PendingSnapshot|RulesPerSecurityGroup|Resource|ResourceCount|MaxIOPS|Execution)LimitExceeded$/,
    'quota',
  ],
  [/^(InvalidKMSKey\..+|CustomerKeyHasBeenRevoked)$/, 'volume-key'],
  [/^(UnauthorizedOperation|AccessDenied|AccessDeniedException|NotAuthorized)$/, 'unauthorized'],
  [/^(OptInRequired|SubscriptionRequiredException|PendingVerification|Blocked)$/, 'account'],
  // What services of the Query and JSON protocols say of a signature that is too old, or not yet valid.
  [/^(SignatureDoesNotMatch|InvalidSignatureException)$/, 'clock', /^Signature (expired|not yet current)/],
  [
    /^(AuthFailure|UnrecognizedClientException|InvalidClientTokenId|SignatureDoesNotMatch|InvalidSignatureException|IncompleteSignature|IncompleteSignatureException|MissingAuthenticationToken|MissingAuthenticationTokenException|RequestTimeTooSkewed|RequestInTheFuture)$/,
    'credentials',
  ],
  [/^(ExpiredToken|ExpiredTokenException|RequestExpired)$/, 'expired'],
  [/^(InvalidInstanceType|InvalidInstanceAttributeValue)$/, 'instance-type'],
  // What an account on the Free Tier is told of other types.
  [/^InvalidParameterCombination$/, 'free-tier', /free tier/i],
  [/^InvalidBlockDeviceMapping$/, 'volume-too-small'],
  // What ModifyVolume says before the last modification is completed, and after the last one that a day allows.
  [/^(IncorrectModificationState|VolumeModificationRateExceeded)$/, 'volume-changed'],
  [/^ConditionalCheckFailedException$/, 'condition-failed'],
  [/^ResourceNotFoundException$/, 'no-table'],
  // What a table of our name answers that has other keys.
  [/^ValidationException$/, 'other-table', /key element does not match the schema/i],
  // What a query of an index answers where the table has none.
  [/^ValidationException$/, 'no-index', /does not have the specified index/i],
  [/^ResourceInUseException$/, 'table-in-use'],
  [/^(ExecutionDoesNotExist|StateMachineDoesNotExist|StateMachineDeleting)$/, 'no-execution'],
  [/^ExecutionAlreadyExists$/, 'execution-exists'],
];

/** The error of the catalog that a meaning becomes where a step does not know better. */
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
  'instance-terminated': 'InstanceFailedToLaunch',
  protected: 'InstanceProtected',
  'no-capacity': 'NoCapacity',
  'subnet-full': 'SubnetFull',
  quota: 'QuotaReached',
  'volume-key': 'VolumeKeyNotUsable',
  unauthorized: 'PermissionMissing',
  account: 'AccountNotReady',
  credentials: 'CredentialsNotValid',
  expired: 'CredentialsExpired',
  clock: 'CredentialsNotValid',
  'instance-type': 'InstanceTypeNotSupported',
  'free-tier': 'InstanceTypeNotInFreeTier',
  'volume-too-small': 'VolumeSizeNotValid',
  'volume-changed': 'VolumeChangedRecently',
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
 * Makes any error one of the catalog, as the CLI reads it: ours stay, the table above reads AWS's, anything else is a bug of ours.
 */
export function translate(error: unknown): RecodeError {
  return errorOf(error, becomes, 'RECODE_DEBUG=1 shows it');
}

/**
 * The same as a step reads it. Its calls carry the credentials of its function, so what AWS says of them says nothing about the user's.
 *
 * @param functionName the function that made the call; its log has what the message leaves out
 */
export function translateInStep(error: unknown, functionName: string): RecodeError {
  if (error instanceof RecodeError) return inStep(error);
  return errorOf(error, becomesInStep, `it is in the log of the function ${functionName}`);
}

/** An error of ours as a step names it: a step is as old as its stack. */
export function inStep(error: RecodeError): RecodeError {
  return error.name === 'RecordNewerThanCli' ? new RecodeError('RecordNewerThanStack', error.message) : error;
}

const becomesInStep: typeof becomes = {
  ...becomes,
  credentials: 'FunctionCredentialsRejected',
  expired: 'FunctionCredentialsRejected',
  clock: 'FunctionCredentialsRejected',
};

function errorOf(error: unknown, names: typeof becomes, whole: string): RecodeError {
  if (error instanceof RecodeError) return error;
  const said = statusOf(error) !== undefined;
  const name = names[meaningOf(error)] ?? (said ? 'AwsRefused' : 'Unexpected');
  return new RecodeError(name, messageOf(error, said, whole), { cause: error });
}

function messageOf(error: unknown, saidByAws: boolean, whole: string): string {
  if (!(error instanceof Error)) return String(error);
  if (!saidByAws) return `${error.name}: ${error.message}`;
  const [readable = '', encoded] = error.message.split(encodedMessage);
  const answer = `AWS says: ${readable.trim().replace(/\.$/, '')} (${error.name}).`;
  if (encoded === undefined) return answer;
  return `${answer} AWS added an encoded message: ${whole}. An administrator can decode it with "aws sts decode-authorization-message --encoded-message MESSAGE".`;
}

// https://docs.aws.amazon.com/STS/latest/APIReference/API_DecodeAuthorizationMessage.html: a kilobyte that nobody can read.
const encodedMessage = /Encoded authorization failure message:/i;

/**
 * Runs a call whose refusal of one kind, or of several, is an answer too: it is returned as `undefined`, every other error escapes.
 */
export async function unless<Answer>(meanings: Meaning | readonly Meaning[], call: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await call;
  } catch (error) {
    if ([meanings].flat().includes(meaningOf(error))) return undefined;
    throw error;
  }
}

/** Whether an error is a final answer: the call has changed nothing, and would not if it were repeated at once. */
export function isFinal(error: unknown): boolean {
  const meaning = meaningOf(error);
  return meaning !== 'throttled' && meaning !== 'unavailable';
}

/**
 * An error for a Lambda to throw. Lambda passes on an error's name and message only, so an error with data gets a message that is JSON,
 * `{ message, data }`. failureOf() reads it.
 */
export function withDataInMessage(error: RecodeError): RecodeError {
  if (error.data === undefined) return error;
  return new RecodeError(error.name, JSON.stringify({ message: error.message, data: error.data }), { cause: error });
}

/** An execution's failure as it was thrown: a step's errors keep their name and data, anything else is unexpected. */
export function failureOf(name: string, cause: string): RecodeError {
  const { message, data } = readCause(cause);
  if (isErrorName(name)) return new RecodeError(name, message, { data });
  if (name === 'States.Timeout') return new RecodeError('ExecutionTimedOut', message || 'A step exceeded its time limit.');
  return new RecodeError('Unexpected', cause === '' ? `${name}.` : `${name}: ${message}`);
}

/** A failure as Step Functions has that of a Lambda: for an execution to end with, under a name that the CLI explains. */
export function failureForStepFunctions({ name, message }: { readonly name: string; readonly message: string }) {
  return { Error: name, Cause: JSON.stringify({ errorType: name, errorMessage: message }) };
}

/** What an error said: Step Functions makes a failed Lambda's cause JSON with its message in it. */
function readCause(cause: string): { readonly message: string; readonly data?: unknown } {
  const parsed = parseObject(cause);
  // The cause of a timeout is a sentence.
  if (!parsed || !('errorMessage' in parsed)) return { message: cause };
  const message = String(parsed.errorMessage);
  const withData = parseObject(message);
  return withData && 'message' in withData && 'data' in withData ? { message: String(withData.message), data: withData.data } : { message };
}

/** The object that a text is as JSON; undefined for any other text. */
function parseObject(text: string): object | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null ? parsed : undefined;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return undefined;
  }
}

function statusOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('$metadata' in error)) return undefined;
  const metadata = error.$metadata as { httpStatusCode?: number };
  return metadata.httpStatusCode;
}
