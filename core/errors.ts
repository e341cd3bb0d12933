/**
 * How a state machine reacts to an error:
 * - `busy`: AWS asked for fewer requests; try again less often in the same invocation, then retry soon, with jitter
 * - `crowded`: all Lambdas that the account may have are at work; retry until one of them ends
 * - `lost`: the answer was lost, so the call may have taken effect; retry when that is visible
 * - `visibility`: a new resource is not visible everywhere yet; retry for minutes
 * - `permission`: a new resource's tags, or the function's credentials, may not count yet; retry for a minute
 * - `dependency`: something still uses the resource; retry patiently
 * - `poll`: the step waits for something slow; look again in the same invocation, then retry at once
 * - `moment`: the state waits for something that takes seconds; retry every second for half a minute
 * - `held`: an automatic stop waits for another operation; retry every 15 seconds until the next sweep asks again
 * - `caught`: the workflow continues with another state
 * - `never`: a retry cannot help
 */
export type Reaction =
  | 'busy'
  | 'crowded'
  | 'lost'
  | 'visibility'
  | 'permission'
  | 'dependency'
  | 'poll'
  | 'moment'
  | 'held'
  | 'caught'
  | 'never';

/**
 * How a command ends when it shows an error; `exitCodes` has the number of each:
 * - `usage`: the command, one of its values, or a setting of this machine is invalid
 * - `refused`: the command is valid, but what it asks for is not possible, or not now
 * - `failed`: something went wrong
 * - `interrupted`: the person pressed Ctrl-C
 * - `terminated`: the command received SIGTERM
 * - `hungUp`: the terminal was closed (SIGHUP)
 */
export type Outcome = 'usage' | 'refused' | 'failed' | 'interrupted' | 'terminated' | 'hungUp';

/** The exit code of a command that shows an error; 0 is success. After a signal it is 128 plus the signal's number, as in shells. */
export const exitCodes: Readonly<Record<Outcome, number>> = {
  failed: 1,
  usage: 2,
  refused: 3,
  hungUp: 129,
  interrupted: 130,
  terminated: 143,
};

interface Entry {
  readonly reaction: Reaction;
  readonly outcome: Outcome;
}

/**
 * Every error that a step throws or the CLI shows. A step's error keeps its name on the way to the CLI: the execution fails with it.
 * cli/explanations.ts says what a person can do about each.
 */
export const catalog = {
  // What a person typed
  UsageNotValid: { reaction: 'never', outcome: 'usage' },
  RepositoryNotValid: { reaction: 'never', outcome: 'usage' },
  RepositoryAmbiguous: { reaction: 'never', outcome: 'usage' },
  GitHubAccountUnknown: { reaction: 'never', outcome: 'usage' },
  RepositoryNotFound: { reaction: 'never', outcome: 'refused' },
  ConfirmationRequired: { reaction: 'never', outcome: 'usage' },
  CidrNotValid: { reaction: 'never', outcome: 'usage' },
  VolumeSizeNotValid: { reaction: 'never', outcome: 'usage' },
  KeepNotValid: { reaction: 'never', outcome: 'usage' },
  NameNotValid: { reaction: 'never', outcome: 'usage' },
  NameTaken: { reaction: 'never', outcome: 'refused' },
  AutoStopNotValid: { reaction: 'never', outcome: 'usage' },
  IdleStopNotValid: { reaction: 'never', outcome: 'usage' },
  InputNotValid: { reaction: 'never', outcome: 'usage' },
  SettingsNotValid: { reaction: 'never', outcome: 'failed' },
  InstanceTypeNotValid: { reaction: 'never', outcome: 'usage' },
  InstanceTypeNotFound: { reaction: 'never', outcome: 'refused' },
  InstanceTypeNotSupported: { reaction: 'never', outcome: 'refused' },
  InstanceTypeNotInFreeTier: { reaction: 'never', outcome: 'refused' },
  InstanceTypeNotAllowed: { reaction: 'never', outcome: 'refused' },
  TooManyEnvironments: { reaction: 'never', outcome: 'refused' },
  HoursUsedUp: { reaction: 'never', outcome: 'refused' },
  ZoneNotPossible: { reaction: 'never', outcome: 'refused' },
  InstanceNotStopped: { reaction: 'never', outcome: 'refused' },
  ArchitectureDiffers: { reaction: 'never', outcome: 'refused' },
  VolumeCannotShrink: { reaction: 'never', outcome: 'refused' },
  VolumeChangedRecently: { reaction: 'never', outcome: 'refused' },
  AutoStopNotAllowed: { reaction: 'never', outcome: 'refused' },

  // Who asks
  NoCredentials: { reaction: 'never', outcome: 'failed' },
  AccessKeyIncomplete: { reaction: 'never', outcome: 'usage' },
  ProfileNotValid: { reaction: 'never', outcome: 'usage' },
  AwsConfigNotReadable: { reaction: 'never', outcome: 'usage' },
  AwsSettingNotValid: { reaction: 'never', outcome: 'usage' },
  CaBundleNotReadable: { reaction: 'never', outcome: 'usage' },
  CredentialsNotObtained: { reaction: 'never', outcome: 'failed' },
  SsoRoleNotAssigned: { reaction: 'never', outcome: 'refused' },
  MfaCodeNotAsked: { reaction: 'never', outcome: 'refused' },
  NoRegion: { reaction: 'never', outcome: 'usage' },
  ProfileNotFound: { reaction: 'never', outcome: 'usage' },
  CredentialsExpired: { reaction: 'never', outcome: 'failed' },
  CredentialsNotValid: { reaction: 'never', outcome: 'failed' },
  AwsUnreachable: { reaction: 'never', outcome: 'failed' },
  CallerWithoutLastingName: { reaction: 'never', outcome: 'refused' },
  ControlPlaneNotDeployed: { reaction: 'never', outcome: 'refused' },
  ProofMissing: { reaction: 'never', outcome: 'refused' },
  ProofNotValid: { reaction: 'never', outcome: 'refused' },
  ProofExpired: { reaction: 'never', outcome: 'refused' },
  CallerNotAllowed: { reaction: 'never', outcome: 'refused' },
  CliOlderThanStack: { reaction: 'never', outcome: 'refused' },
  StackOlderThanCli: { reaction: 'never', outcome: 'refused' },
  PrivateKeyNotHere: { reaction: 'never', outcome: 'refused' },
  TeammateNotAllowed: { reaction: 'never', outcome: 'refused' },
  NotYourEnvironment: { reaction: 'never', outcome: 'refused' },
  KeyNotFound: { reaction: 'never', outcome: 'refused' },
  TooManyKeys: { reaction: 'never', outcome: 'refused' },
  LastKey: { reaction: 'never', outcome: 'refused' },
  NoAcceptedKey: { reaction: 'never', outcome: 'refused' },

  EnvironmentNotFound: { reaction: 'never', outcome: 'refused' },
  EnvironmentNotStarted: { reaction: 'never', outcome: 'refused' },
  NoStartedInstance: { reaction: 'never', outcome: 'refused' },
  EnvironmentNotFinished: { reaction: 'never', outcome: 'refused' },
  EnvironmentExists: { reaction: 'never', outcome: 'refused' },
  NewOwnerHasEnvironment: { reaction: 'never', outcome: 'refused' },
  KeptDiskNotFound: { reaction: 'never', outcome: 'refused' },
  KeptDisksStillExist: { reaction: 'never', outcome: 'refused' },
  EnvironmentsStillExist: { reaction: 'never', outcome: 'refused' },

  // Who else is at work
  OperationInProgress: { reaction: 'never', outcome: 'refused' },
  OperationCancelled: { reaction: 'never', outcome: 'failed' },
  OperationSettling: { reaction: 'poll', outcome: 'failed' },
  NoStopToPostpone: { reaction: 'never', outcome: 'refused' },
  AutoStopNotDue: { reaction: 'never', outcome: 'refused' },
  AutoStopHeldUp: { reaction: 'held', outcome: 'refused' },
  UninstallInProgress: { reaction: 'never', outcome: 'refused' },
  EnvironmentBeingRemoved: { reaction: 'never', outcome: 'refused' },
  TransferNotFinished: { reaction: 'never', outcome: 'refused' },
  RecodeNotInstalled: { reaction: 'caught', outcome: 'refused' },
  TableStillDeleting: { reaction: 'poll', outcome: 'failed' },
  TableNotActive: { reaction: 'poll', outcome: 'failed' },
  NetworkBusy: { reaction: 'poll', outcome: 'failed' },
  LockLost: { reaction: 'never', outcome: 'failed' },

  // Records
  RecordDamaged: { reaction: 'never', outcome: 'failed' },
  RecordNewerThanCli: { reaction: 'never', outcome: 'refused' },
  RecordNewerThanStack: { reaction: 'never', outcome: 'failed' },

  // What AWS says
  RequestThrottled: { reaction: 'busy', outcome: 'failed' },
  AwsUnavailable: { reaction: 'lost', outcome: 'failed' },
  NotVisibleYet: { reaction: 'visibility', outcome: 'failed' },
  InstanceNotVisibleYet: { reaction: 'visibility', outcome: 'failed' },
  PermissionMissing: { reaction: 'permission', outcome: 'failed' },
  DependencyStillInUse: { reaction: 'dependency', outcome: 'failed' },
  FunctionCredentialsRejected: { reaction: 'permission', outcome: 'failed' },
  NoCapacity: { reaction: 'caught', outcome: 'failed' },
  NoCapacityToStart: { reaction: 'never', outcome: 'failed' },
  VolumeKeyNotUsable: { reaction: 'never', outcome: 'failed' },
  InstanceProtected: { reaction: 'never', outcome: 'failed' },
  SubnetFull: { reaction: 'caught', outcome: 'failed' },
  QuotaReached: { reaction: 'never', outcome: 'failed' },
  AccountNotReady: { reaction: 'never', outcome: 'failed' },
  ImageNotFound: { reaction: 'never', outcome: 'failed' },
  PartitionNotSupported: { reaction: 'never', outcome: 'refused' },
  ImageUnavailable: { reaction: 'caught', outcome: 'failed' },
  NameOwnedElsewhere: { reaction: 'never', outcome: 'failed' },
  ResourceDiffers: { reaction: 'never', outcome: 'failed' },
  DiskNotKept: { reaction: 'caught', outcome: 'failed' },
  ImageStillPending: { reaction: 'caught', outcome: 'failed' },
  ImageFailed: { reaction: 'never', outcome: 'failed' },
  AwsRefused: { reaction: 'never', outcome: 'failed' },

  // The instance
  VolumeStillModifying: { reaction: 'poll', outcome: 'failed' },
  InstanceStillStopping: { reaction: 'poll', outcome: 'failed' },
  InstanceStillTerminating: { reaction: 'poll', outcome: 'failed' },
  InstanceGone: { reaction: 'never', outcome: 'refused' },
  InstanceNotRunning: { reaction: 'poll', outcome: 'failed' },
  NoPublicAddress: { reaction: 'moment', outcome: 'failed' },
  InstanceFailedToLaunch: { reaction: 'never', outcome: 'failed' },
  InstanceFailedToStart: { reaction: 'never', outcome: 'failed' },
  SshNotReady: { reaction: 'poll', outcome: 'failed' },
  AddressNotAllowed: { reaction: 'never', outcome: 'failed' },
  PublicAddressUnknown: { reaction: 'never', outcome: 'failed' },
  SshUnreachable: { reaction: 'never', outcome: 'failed' },
  SshClientMissing: { reaction: 'never', outcome: 'failed' },
  SshClientFails: { reaction: 'never', outcome: 'failed' },
  UserNotKnown: { reaction: 'never', outcome: 'failed' },
  SshHostKeyDiffers: { reaction: 'never', outcome: 'failed' },
  SshKeyRefused: { reaction: 'never', outcome: 'failed' },
  InstanceNotTold: { reaction: 'never', outcome: 'failed' },
  InstanceLogNotRead: { reaction: 'never', outcome: 'failed' },
  InstanceKeysNotReplaced: { reaction: 'never', outcome: 'failed' },
  SshClientOld: { reaction: 'never', outcome: 'failed' },
  RemoteShellFails: { reaction: 'never', outcome: 'failed' },
  PortInUse: { reaction: 'never', outcome: 'failed' },
  PortNotAllowed: { reaction: 'never', outcome: 'failed' },
  PortsNotForwarded: { reaction: 'never', outcome: 'failed' },
  ConnectionLost: { reaction: 'never', outcome: 'failed' },
  EditorNotChosen: { reaction: 'never', outcome: 'usage' },
  EditorNotFound: { reaction: 'never', outcome: 'failed' },
  EditorFailed: { reaction: 'never', outcome: 'failed' },

  // The repository on the instance
  CloneRefused: { reaction: 'never', outcome: 'failed' },
  BranchNotFound: { reaction: 'never', outcome: 'failed' },
  GitServerUnreachable: { reaction: 'never', outcome: 'failed' },
  GitNotInstalled: { reaction: 'never', outcome: 'failed' },
  InstanceDiskFull: { reaction: 'never', outcome: 'failed' },
  InstanceConnectionLost: { reaction: 'never', outcome: 'failed' },
  CloneFailed: { reaction: 'never', outcome: 'failed' },
  RepositoriesNotValid: { reaction: 'never', outcome: 'failed' },
  HookFailed: { reaction: 'never', outcome: 'failed' },
  HookNotFound: { reaction: 'never', outcome: 'refused' },
  RepositoryNotCloned: { reaction: 'never', outcome: 'refused' },
  DotfilesFailed: { reaction: 'never', outcome: 'failed' },
  SigningKeyNotUsable: { reaction: 'never', outcome: 'failed' },

  // The execution and this machine
  ExecutionAborted: { reaction: 'never', outcome: 'failed' },
  ExecutionTimedOut: { reaction: 'never', outcome: 'failed' },
  Interrupted: { reaction: 'never', outcome: 'interrupted' },
  Cancelled: { reaction: 'never', outcome: 'interrupted' },
  Terminated: { reaction: 'never', outcome: 'terminated' },
  TerminatedEarly: { reaction: 'never', outcome: 'terminated' },
  HungUp: { reaction: 'never', outcome: 'hungUp' },
  OutputNotWritten: { reaction: 'never', outcome: 'failed' },
  SettingNotValid: { reaction: 'never', outcome: 'usage' },
  ConfigDamaged: { reaction: 'never', outcome: 'usage' },
  ConfigNotReadable: { reaction: 'never', outcome: 'usage' },
  ConfigNotWritable: { reaction: 'never', outcome: 'failed' },
  KeyPairIncomplete: { reaction: 'never', outcome: 'failed' },
  PrivateKeyNotUsable: { reaction: 'never', outcome: 'failed' },
  PrivateKeyLineEndings: { reaction: 'never', outcome: 'failed' },
  PrivateKeyReadableByOthers: { reaction: 'never', outcome: 'failed' },
  PrivateKeyLocked: { reaction: 'never', outcome: 'failed' },
  PublicKeyNotValid: { reaction: 'never', outcome: 'failed' },
  KeysNotReadable: { reaction: 'never', outcome: 'failed' },
  KeysNotWritable: { reaction: 'never', outcome: 'failed' },
  FileInPlaceOfFolder: { reaction: 'never', outcome: 'failed' },
  SshConfigNotIncluded: { reaction: 'never', outcome: 'refused' },
  SshConfigNotReadable: { reaction: 'never', outcome: 'failed' },
  SshConfigNotWritable: { reaction: 'never', outcome: 'failed' },
  NoHome: { reaction: 'never', outcome: 'usage' },
  PathNotUsable: { reaction: 'never', outcome: 'usage' },
  StateDirectoryNotWritable: { reaction: 'never', outcome: 'failed' },
  StateDamaged: { reaction: 'never', outcome: 'failed' },
  LocalAwsDidNotStart: { reaction: 'never', outcome: 'failed' },
  LocalDiskFull: { reaction: 'never', outcome: 'failed' },
  LocalAwsStopped: { reaction: 'never', outcome: 'failed' },
  LocalAwsReset: { reaction: 'never', outcome: 'failed' },
  LocalAwsEnded: { reaction: 'never', outcome: 'failed' },
  LocalAwsDidNotStop: { reaction: 'never', outcome: 'failed' },
  StateDirectoryNotOurs: { reaction: 'never', outcome: 'usage' },
  LocalRegionDiffers: { reaction: 'never', outcome: 'refused' },
  PlatformNotSupported: { reaction: 'never', outcome: 'refused' },
  OutputNotValid: { reaction: 'never', outcome: 'failed' },
  Unexpected: { reaction: 'never', outcome: 'failed' },
} as const satisfies Record<string, Entry>;

export type ErrorName = keyof typeof catalog;

interface RecodeErrorOptions extends ErrorOptions {
  readonly fix?: string;
  readonly again?: string | undefined;
  readonly data?: unknown;
}

/** An error of the catalog. `ErrorEquals` matches its `name` and the CLI explains it; its message says what happened to which resource. */
export class RecodeError extends Error {
  override readonly name: ErrorName;
  /** A shell command that fixes the problem, for a next step that names it. */
  readonly fix: string;
  /** The shell command to run again, if it is not the one that shows the error. */
  readonly again: string | undefined;
  /** What the CLI has to know besides the message. It can be written as JSON, because it travels with a step's error. */
  readonly data: unknown;

  constructor(name: ErrorName, message: string, { fix = '', again, data, ...options }: RecodeErrorOptions = {}) {
    super(message, options);
    this.name = name;
    this.fix = fix;
    this.again = again;
    this.data = data;
  }
}

/** Whether an operation that ends with this error was refused rather than failed, so that no administrator has to look into it. */
export function isRefusal(name: string): boolean {
  return isErrorName(name) && (catalog[name].outcome === 'usage' || catalog[name].outcome === 'refused');
}

export function isErrorName(name: string): name is ErrorName {
  return Object.hasOwn(catalog, name);
}
