/**
 * How a state machine reacts to an error:
 * - `busy`: AWS asked for less; repeat soon, with jitter
 * - `lost`: the answer was lost, so the call may have taken effect; repeat when that must be visible
 * - `visibility`: what was just created is not visible everywhere yet; repeat within minutes
 * - `permission`: the tags of what was just created may not count for its permissions yet; repeat within a minute
 * - `dependency`: something is still letting go of the resource; repeat patiently
 * - `poll`: the state waits for something that takes its time; repeat every second or two
 * - `moment`: the state waits for something that comes within seconds; repeat every second, for half a minute
 * - `caught`: a state of the workflow goes another way
 * - `never`: repeating cannot help
 */
export type Reaction = 'busy' | 'lost' | 'visibility' | 'permission' | 'dependency' | 'poll' | 'moment' | 'caught' | 'never';

/**
 * How a command ends that shows an error; `exitCodes` has the number of each:
 * - `usage`: the command, one of its values, or a setting of this machine has to be written differently
 * - `refused`: the command is understood, but what it asks for is not possible, or not now
 * - `failed`: something went wrong
 * - `interrupted`: the person pressed Ctrl-C
 * - `terminated`: another process sent SIGTERM
 */
export type Outcome = 'usage' | 'refused' | 'failed' | 'interrupted' | 'terminated';

/** The exit code of a command that shows an error; 0 is success. 128 + the signal's number, as shells have it. */
export const exitCodes: Readonly<Record<Outcome, number>> = { failed: 1, usage: 2, refused: 3, interrupted: 130, terminated: 143 };

interface Entry {
  /** The headline a person sees. */
  readonly title: string;
  /**
   * What the person can do about it; `{command}` stands for the command as it was given, `{usage}` for its name alone,
   * `{account}` for its --local, --profile and --region with a space before, `{environment}` for its repository with --owner and these,
   * `{fix}` for the command that the error itself has.
   */
  readonly nextStep: string;
  readonly reaction: Reaction;
  readonly outcome: Outcome;
}

const again = 'Run "{command}" again; it goes on where this one ended.';
const copyKey =
  'copy it from a backup, or from another machine that connects to the environment. If no environment uses the key, delete its folder and run "{command}" again.';

/** Every error that a step throws or the CLI shows. A step's error reaches the CLI under this name, as the name of the failed execution. */
export const catalogue = {
  // What a person typed
  UsageNotValid: {
    title: 'The command is not valid',
    nextStep: 'Run "{usage} --help" to see what it takes.',
    reaction: 'never',
    outcome: 'usage',
  },
  RepositoryNotValid: {
    title: 'Not a repository',
    nextStep: 'Give a GitHub repository as owner/name or by its URL, such as "{usage} recode-sh/workspace{account}".',
    reaction: 'never',
    outcome: 'usage',
  },
  GitHubAccountUnknown: {
    title: 'Your GitHub account is not known',
    nextStep: 'Write the repository as owner/name, set GH_TOKEN, or sign in with "gh auth login".',
    reaction: 'never',
    outcome: 'usage',
  },
  RepositoryNotFound: {
    title: 'No such repository on GitHub',
    nextStep: 'Check the spelling. For a private repository, set GH_TOKEN or run "gh auth login" as somebody who may see it.',
    reaction: 'never',
    outcome: 'refused',
  },
  ConfirmationRequired: {
    title: 'Nobody to ask',
    nextStep: 'Run it in a terminal, or without the question: "{command} --force".',
    reaction: 'never',
    outcome: 'usage',
  },
  CidrNotValid: {
    title: 'Not an IPv4 CIDR block',
    nextStep: 'Write it as address/bits, such as --allow-cidr 203.0.113.7/32.',
    reaction: 'never',
    outcome: 'usage',
  },
  VolumeSizeNotValid: {
    title: 'The volume size does not fit',
    nextStep: 'Leave --volume-size out for 16 GiB, or give one that fits.',
    reaction: 'never',
    outcome: 'usage',
  },
  AutoStopNotValid: {
    title: 'Not a time to stop at',
    nextStep:
      'Give --auto-stop a time of day (20:00), a time after each start (8h, 90m) or never, and --time-zone a name such as Europe/Paris.',
    reaction: 'never',
    outcome: 'usage',
  },
  InputNotValid: {
    title: 'The input of the execution is not valid',
    nextStep: 'Start executions with the recode CLI of the same version as the deployed control plane.',
    reaction: 'never',
    outcome: 'usage',
  },
  SettingsNotValid: {
    title: 'A setting of the control plane is not valid',
    nextStep: 'Ask the administrator to correct the parameter and to deploy again.',
    reaction: 'never',
    outcome: 'failed',
  },
  InstanceTypeNotValid: {
    title: 'Invalid instance type',
    nextStep: 'Use a name that https://aws.amazon.com/ec2/instance-types lists, for example --instance-type t3.medium.',
    reaction: 'never',
    outcome: 'usage',
  },
  InstanceTypeNotFound: {
    title: 'No such instance type here',
    nextStep: 'Choose another one with --instance-type. https://aws.amazon.com/ec2/instance-types lists them all.',
    reaction: 'never',
    outcome: 'refused',
  },
  InstanceTypeNotSupported: {
    title: 'This instance type cannot hold an environment',
    nextStep: 'Choose an on-demand type on amd64 or arm64 with EBS, such as --instance-type t3.medium.',
    reaction: 'never',
    outcome: 'refused',
  },
  InstanceTypeNotAllowed: {
    title: 'Your team does not allow this instance type',
    nextStep: 'Choose another one with --instance-type, or ask your administrator to allow it.',
    reaction: 'never',
    outcome: 'refused',
  },
  TooManyEnvironments: {
    title: 'You have as many environments as your team allows',
    nextStep: 'Remove one that you do not need ("recode aws list{account}" shows them), or ask your administrator for more.',
    reaction: 'never',
    outcome: 'refused',
  },
  OptionDiffers: {
    title: 'The environment exists with another option',
    nextStep: 'Leave the option out to use the environment as it is, or remove the environment first.',
    reaction: 'never',
    outcome: 'refused',
  },

  // Who asks
  NoCredentials: {
    title: 'No AWS credentials',
    nextStep:
      'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, name a profile with --profile, or try Recode without an AWS account: add --local.',
    reaction: 'never',
    outcome: 'failed',
  },
  AccessKeyIncomplete: {
    title: 'Half of an AWS key pair is missing',
    nextStep: 'Set the access key and its secret together, or neither.',
    reaction: 'never',
    outcome: 'usage',
  },
  ProfileNotValid: {
    title: 'The profile is not complete',
    nextStep: 'Correct the profile in ~/.aws/config, or choose another one with --profile.',
    reaction: 'never',
    outcome: 'usage',
  },
  AwsConfigNotReadable: {
    title: "The AWS CLI's configuration cannot be read",
    nextStep: 'Correct the file, then run "{command}" again.',
    reaction: 'never',
    outcome: 'usage',
  },
  AwsSettingNotValid: {
    title: 'An AWS setting is not valid',
    nextStep: 'Correct the variable or the profile, then run "{command}" again.',
    reaction: 'never',
    outcome: 'usage',
  },
  CaBundleNotReadable: {
    title: 'The CA bundle cannot be used',
    nextStep: 'Set AWS_CA_BUNDLE, or ca_bundle of the profile, to a file with certificates in PEM format.',
    reaction: 'never',
    outcome: 'usage',
  },
  CredentialsNotObtained: {
    title: 'The AWS credentials cannot be obtained',
    nextStep: 'Correct what the message names, or choose another profile with --profile.',
    reaction: 'never',
    outcome: 'failed',
  },
  SsoRoleNotAssigned: {
    title: 'IAM Identity Center does not give you this role',
    nextStep: 'Check sso_account_id and sso_role_name of the profile, or ask your administrator to assign the role to you.',
    reaction: 'never',
    outcome: 'refused',
  },
  MfaCodeNotAsked: {
    title: 'An MFA code is required',
    nextStep: 'Run "{command}" in a terminal. The code then serves for the commands of an hour.',
    reaction: 'never',
    outcome: 'refused',
  },
  NoRegion: {
    title: 'No AWS region',
    nextStep: 'Name it with --region, AWS_REGION, or "aws configure set region". To try Recode without an AWS account, add --local.',
    reaction: 'never',
    outcome: 'usage',
  },
  ProfileNotFound: {
    title: 'No such profile',
    nextStep: 'Run "aws configure list-profiles" to see the profiles there are.',
    reaction: 'never',
    outcome: 'usage',
  },
  CredentialsExpired: {
    title: 'The AWS credentials have expired',
    nextStep: 'Sign in again (with IAM Identity Center: "aws sso login"), then run "{command}" again.',
    reaction: 'never',
    outcome: 'failed',
  },
  CredentialsNotValid: {
    title: 'AWS does not accept the credentials',
    nextStep: 'Check the access key, and whether the account has enabled the region.',
    reaction: 'never',
    outcome: 'failed',
  },
  AwsUnreachable: {
    title: 'AWS cannot be reached from this machine',
    nextStep: 'Check the network, AWS_ENDPOINT_URL if it is set, and the name of the region, then run "{command}" again.',
    reaction: 'never',
    outcome: 'failed',
  },
  CallerWithoutLastingName: {
    title: 'No lasting name to own the environment',
    nextStep: 'Set role_session_name in the profile, or RECODE_OWNER, to your name.',
    reaction: 'never',
    outcome: 'refused',
  },
  ControlPlaneNotDeployed: {
    title: 'Recode is not deployed here',
    nextStep:
      'Check --region and --profile, or ask whoever runs your AWS account to deploy Recode in this region ("npx serverless deploy").',
    reaction: 'never',
    outcome: 'refused',
  },
  CallerNotAllowed: {
    title: 'AWS does not let you do this',
    nextStep:
      'Check --region and --profile. If they are right, ask whoever runs your AWS account to give you that policy, or to deploy Recode in this region ("npx serverless deploy").',
    reaction: 'never',
    outcome: 'refused',
  },
  CliOlderThanStack: {
    title: 'This recode is older than what is deployed',
    nextStep: 'Upgrade it: run "git pull && npm ci" in its folder, then "{command}" again.',
    reaction: 'never',
    outcome: 'refused',
  },
  StackOlderThanCli: {
    title: 'What is deployed is older than this recode',
    nextStep:
      'Ask whoever deployed Recode to deploy this version ("git pull && npm ci && npx serverless deploy"), then run "{command}" again.',
    reaction: 'never',
    outcome: 'refused',
  },
  PrivateKeyNotHere: {
    title: 'The private key is not on this machine',
    nextStep: 'Use the machine that started the environment, copy its key here, or remove the environment and start it anew.',
    reaction: 'never',
    outcome: 'refused',
  },

  EnvironmentNotFound: {
    title: 'No such environment',
    nextStep: 'Run "recode aws list{account}" to see yours, and "recode aws list --all{account}" to see everyone\'s.',
    reaction: 'never',
    outcome: 'refused',
  },
  EnvironmentNotFinished: {
    title: 'The environment was never finished',
    nextStep: 'Start it again to finish it, or remove it.',
    reaction: 'never',
    outcome: 'refused',
  },
  EnvironmentsStillExist: {
    title: 'There are environments left',
    nextStep: 'Remove them first ("recode aws remove <repository>{account}", with --owner for a teammate\'s), then run "{command}" again.',
    reaction: 'never',
    outcome: 'refused',
  },

  // Who else is at work
  OperationInProgress: {
    title: 'Another operation is at work',
    nextStep: 'Wait for it to end, then run "{command}" again.',
    reaction: 'never',
    outcome: 'refused',
  },
  OperationSettling: { title: 'The operation before has not let go yet', nextStep: again, reaction: 'poll', outcome: 'failed' },
  AutoStopNotDue: {
    title: 'The environment is not to be stopped any more',
    nextStep: 'Nothing is to be done: "recode aws status {environment}" shows when it stops.',
    reaction: 'never',
    outcome: 'refused',
  },
  UninstallInProgress: {
    title: 'Recode is being uninstalled',
    nextStep: 'Wait until it is uninstalled, then run "{command}" again to install it anew.',
    reaction: 'never',
    outcome: 'refused',
  },
  EnvironmentBeingRemoved: {
    title: 'The environment is being removed',
    nextStep: 'Finish its removal, then run "{command}" to make a new one.',
    reaction: 'never',
    outcome: 'refused',
  },
  RecodeNotInstalled: {
    title: 'Recode is not installed in this region',
    nextStep: 'Check --region and --profile. The first "recode aws start" in a region installs what environments share.',
    reaction: 'caught',
    outcome: 'refused',
  },
  TableStillDeleting: { title: 'The table is not deleted yet', nextStep: again, reaction: 'poll', outcome: 'failed' },
  TableNotActive: { title: 'The table is not ready yet', nextStep: again, reaction: 'poll', outcome: 'failed' },
  NetworkBusy: { title: 'Another execution is making the network', nextStep: again, reaction: 'poll', outcome: 'failed' },
  LockLost: { title: 'Another operation has taken over', nextStep: again, reaction: 'never', outcome: 'failed' },

  // What AWS says
  RequestThrottled: { title: 'AWS asks for fewer requests', nextStep: again, reaction: 'busy', outcome: 'failed' },
  AwsUnavailable: { title: 'AWS did not answer', nextStep: again, reaction: 'lost', outcome: 'failed' },
  NotVisibleYet: {
    title: 'AWS does not show a resource (yet)',
    nextStep: `${again} If somebody has deleted a part of the network by hand: remove the environments, uninstall, and start again.`,
    reaction: 'visibility',
    outcome: 'failed',
  },
  InstanceNotVisibleYet: { title: 'AWS does not show the new instance yet', nextStep: again, reaction: 'visibility', outcome: 'failed' },
  PermissionMissing: {
    title: 'A permission is missing',
    nextStep:
      "Ask whoever runs your AWS account. A role of Recode's functions gets the action when Recode is deployed again, unless the policy of the parameter permissionsBoundary or your organisation's policies take it away; you get it by the policy RecodeUser, or RecodeAdmin.",
    reaction: 'permission',
    outcome: 'failed',
  },
  DependencyStillInUse: {
    title: 'A resource is still in use',
    nextStep: 'Take away what uses it, then run "{command}" again; it goes on where this one ended.',
    reaction: 'dependency',
    outcome: 'failed',
  },
  NoCapacity: {
    title: 'AWS has no capacity for this instance type',
    nextStep: 'Try again in a few minutes, or with another --instance-type.',
    reaction: 'never',
    outcome: 'failed',
  },
  SubnetFull: {
    title: 'The subnet has no free address',
    nextStep: 'Remove environments that nobody needs: stopped ones keep their address.',
    reaction: 'never',
    outcome: 'failed',
  },
  QuotaReached: {
    title: 'A quota of the AWS account is reached',
    nextStep: 'Raise it in the Service Quotas console, or remove what nobody needs, then run "{command}" again.',
    reaction: 'never',
    outcome: 'failed',
  },
  AccountNotReady: {
    title: 'AWS does not let the account do this',
    nextStep: 'Read what AWS says above; AWS support can lift it.',
    reaction: 'never',
    outcome: 'failed',
  },
  ImageNotFound: {
    title: 'No Ubuntu image',
    nextStep: 'Check that the account may see public images of Canonical in this region.',
    reaction: 'never',
    outcome: 'failed',
  },
  ImageUnavailable: { title: 'The Ubuntu image is gone', nextStep: again, reaction: 'caught', outcome: 'failed' },
  NameOwnedElsewhere: {
    title: 'A resource of that name is not ours',
    nextStep: 'Rename or delete it, then run "{command}" again. Recode never touches what does not bear its tags.',
    reaction: 'never',
    outcome: 'failed',
  },
  ResourceDiffers: {
    title: 'A resource was changed behind our back',
    nextStep: 'Change it back or delete it, then run "{command}" again.',
    reaction: 'never',
    outcome: 'failed',
  },
  AwsRefused: {
    title: 'AWS refused a request',
    nextStep: 'Read what AWS says above, then run "{command}" again.',
    reaction: 'never',
    outcome: 'failed',
  },

  // The instance
  InstanceStillStopping: { title: 'The instance is still stopping', nextStep: again, reaction: 'poll', outcome: 'failed' },
  InstanceStillTerminating: { title: 'The instance is not terminated yet', nextStep: again, reaction: 'poll', outcome: 'failed' },
  InstanceGone: {
    title: 'The environment has no instance any more',
    nextStep: 'Start the environment to get a new instance, or remove it.',
    reaction: 'never',
    outcome: 'failed',
  },
  InstanceNotRunning: { title: 'The instance is not running yet', nextStep: again, reaction: 'poll', outcome: 'failed' },
  NoPublicAddress: {
    title: 'The instance has no public address',
    nextStep:
      'Run "{command}" again, which asks EC2 for an address once more. If that does not help, stop the instance in the EC2 console, then run "{command}" again: EC2 assigns an address at each start.',
    reaction: 'moment',
    outcome: 'failed',
  },
  InstanceFailedToLaunch: { title: 'The instance failed to launch', nextStep: again, reaction: 'never', outcome: 'failed' },
  InstanceFailedToStart: { title: 'The instance failed to start', nextStep: again, reaction: 'never', outcome: 'failed' },
  SshNotReady: {
    title: 'The instance does not answer on SSH',
    nextStep:
      'Read the end of its console above. A firewall of your organisation or VPC Block Public Access may be in the way too. Then run "{command}" again.',
    reaction: 'poll',
    outcome: 'failed',
  },
  SshUnreachable: {
    title: 'No SSH connection from this machine',
    nextStep: 'Check that --allow-cidr lets this machine in and that your network lets port 2200 out, then run "{command}" again.',
    reaction: 'never',
    outcome: 'failed',
  },
  SshClientMissing: {
    title: 'No OpenSSH client',
    nextStep: 'Install it (Debian and Ubuntu: "sudo apt-get install openssh-client"), then run "{command}" again.',
    reaction: 'never',
    outcome: 'failed',
  },
  SshClientFails: {
    title: 'The SSH client fails on this machine',
    nextStep: 'Fix what ssh reports above, then run "{command}" again.',
    reaction: 'never',
    outcome: 'failed',
  },
  UserNotKnown: {
    title: 'This system does not know the user',
    nextStep: 'Add the user (as root: "{fix}"), or run Recode as another user.',
    reaction: 'never',
    outcome: 'failed',
  },
  SshHostKeyDiffers: {
    title: 'The instance shows another host key',
    nextStep:
      'Do not connect: somebody may be between this machine and the instance. Ask whoever runs your AWS account what happened to the instance.',
    reaction: 'never',
    outcome: 'failed',
  },
  SshKeyRefused: {
    title: 'The instance does not let the key in',
    nextStep: 'Put the public key back into ~/.ssh/authorized_keys on the instance, or remove the environment and start it anew.',
    reaction: 'never',
    outcome: 'failed',
  },

  // The execution and this machine
  ExecutionAborted: { title: 'The operation was stopped', nextStep: again, reaction: 'never', outcome: 'failed' },
  ExecutionTimedOut: { title: 'The operation took too long', nextStep: again, reaction: 'never', outcome: 'failed' },
  Interrupted: {
    title: 'Interrupted',
    nextStep: 'The operation goes on without this command. Run "{command}" again to follow it.',
    reaction: 'never',
    outcome: 'interrupted',
  },
  Cancelled: {
    title: 'Interrupted',
    nextStep: 'Nothing was started. Run "{command}" again when you want to.',
    reaction: 'never',
    outcome: 'interrupted',
  },
  Terminated: {
    title: 'Terminated',
    nextStep: 'The operation continues without this command. Run "{command}" again to follow it.',
    reaction: 'never',
    outcome: 'terminated',
  },
  KeyPairIncomplete: {
    title: 'The private key is missing',
    nextStep: `Put the missing file back: ${copyKey}`,
    reaction: 'never',
    outcome: 'failed',
  },
  PrivateKeyNotUsable: {
    title: 'The private key cannot be used',
    nextStep: `Replace the file: ${copyKey}`,
    reaction: 'never',
    outcome: 'failed',
  },
  PrivateKeyLineEndings: {
    title: 'The private key has the wrong line endings',
    nextStep: 'Run "{fix}", then run "{command}" again.',
    reaction: 'never',
    outcome: 'failed',
  },
  PrivateKeyReadableByOthers: {
    title: 'The private key is not protected',
    nextStep:
      'Run "{fix}", then run "{command}" again. If the mode stays the same, the file system has no modes: set XDG_DATA_HOME to a folder on another one.',
    reaction: 'never',
    outcome: 'failed',
  },
  PrivateKeyLocked: {
    title: 'The private key has a passphrase',
    nextStep: 'Add the key to an SSH agent with ssh-add, or remove the passphrase with "{fix}". Then run "{command}" again.',
    reaction: 'never',
    outcome: 'failed',
  },
  PublicKeyNotValid: {
    title: 'The public key does not fit the private key',
    nextStep: 'Run "{fix}" to write it again from the private key, then run "{command}" again.',
    reaction: 'never',
    outcome: 'failed',
  },
  KeysNotReadable: {
    title: 'A file of the environment cannot be read',
    nextStep: 'Give yourself access to the file, or put back what belongs there. Then run "{command}" again.',
    reaction: 'never',
    outcome: 'failed',
  },
  KeysNotWritable: {
    title: 'The keys of the environment cannot be kept here',
    nextStep: 'Make the folder writable, or set XDG_DATA_HOME to one that is, then run "{command}" again.',
    reaction: 'never',
    outcome: 'failed',
  },
  NoHome: {
    title: 'No home folder',
    nextStep: 'Set HOME to a folder that you can write to, then run "{command}" again.',
    reaction: 'never',
    outcome: 'usage',
  },
  PathNotUsable: {
    title: 'The SSH client cannot use this path',
    nextStep: 'Set XDG_DATA_HOME to a folder with a plain path, then run "{command}" again.',
    reaction: 'never',
    outcome: 'usage',
  },
  StateDirectoryNotWritable: {
    title: 'The state directory is not writable',
    nextStep: 'Make it writable, or set RECODE_LOCAL_DIR to a directory that is.',
    reaction: 'never',
    outcome: 'failed',
  },
  StateDamaged: {
    title: 'The state of the embedded AWS is damaged',
    nextStep: 'Restore the file, or run "recode local reset" to start from nothing: local environments and their files are deleted.',
    reaction: 'never',
    outcome: 'failed',
  },
  LocalAwsDidNotStart: {
    title: 'The embedded AWS did not start',
    nextStep: 'Read the end of its log above; "recode local reset" starts from nothing.',
    reaction: 'never',
    outcome: 'failed',
  },
  LocalAwsDidNotStop: {
    title: 'The embedded AWS did not stop',
    nextStep: 'End its process by hand, then run "{command}" again.',
    reaction: 'never',
    outcome: 'failed',
  },
  StateDirectoryNotOurs: {
    title: 'Not a state directory',
    nextStep: 'Set RECODE_LOCAL_DIR to a new or an empty directory, or leave it out.',
    reaction: 'never',
    outcome: 'usage',
  },
  LocalRegionDiffers: {
    title: 'The embedded AWS is deployed in another region',
    nextStep: 'Leave --region out, or run "recode local reset" first.',
    reaction: 'never',
    outcome: 'refused',
  },
  PlatformNotSupported: {
    title: 'The embedded AWS does not run here',
    nextStep: 'Use Linux, or WSL on Windows. Recode itself works everywhere: leave --local out.',
    reaction: 'never',
    outcome: 'refused',
  },
  Unexpected: {
    title: 'Something unexpected happened',
    nextStep: 'This is a defect of Recode. Please report it with the text above.',
    reaction: 'never',
    outcome: 'failed',
  },
} as const satisfies Record<string, Entry>;

export type ErrorName = keyof typeof catalogue;

/** An error of the catalogue. Its `name` is what `ErrorEquals` matches and the CLI explains; its message says what happened, to which resource. */
export class RecodeError extends Error {
  override readonly name: ErrorName;
  /** A command for the shell that mends what is wrong, for a next step that has it. */
  readonly fix: string;

  constructor(name: ErrorName, message: string, { fix = '', ...options }: ErrorOptions & { readonly fix?: string } = {}) {
    super(message, options);
    this.name = name;
    this.fix = fix;
  }
}

/** Whether an operation that ends with this error was refused, rather than failed: its administrator has nothing to look into. */
export function isRefusal(name: string): boolean {
  return isErrorName(name) && (catalogue[name].outcome === 'usage' || catalogue[name].outcome === 'refused');
}

export function isErrorName(name: string): name is ErrorName {
  return Object.hasOwn(catalogue, name);
}
