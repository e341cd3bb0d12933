/**
 * How a state machine reacts to an error:
 * - `busy`: AWS asked for fewer requests; retry soon, with jitter
 * - `lost`: the answer was lost, so the call may have taken effect; retry when that is visible
 * - `visibility`: a new resource is not visible everywhere yet; retry for minutes
 * - `permission`: a new resource's tags, or the function's credentials, may not count yet; retry for a minute
 * - `dependency`: something still uses the resource; retry patiently
 * - `poll`: the state waits for something slow; retry every second or two
 * - `moment`: the state waits for something that takes seconds; retry every second for half a minute
 * - `caught`: the workflow continues with another state
 * - `never`: a retry cannot help
 */
export type Reaction = 'busy' | 'lost' | 'visibility' | 'permission' | 'dependency' | 'poll' | 'moment' | 'caught' | 'never';

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
  /** The headline a person sees. */
  readonly title: string;
  /**
   * What the person can do about it. `{command}` stands for the command as typed, `{usage}` for its name, `{account}` for its
   * --local, --profile and --region after a space, `{environment}` for its repository with --owner and these, `{fix}` for the
   * command that comes with the error.
   */
  readonly nextStep: string;
  readonly reaction: Reaction;
  readonly outcome: Outcome;
}

const again = 'Run "{command}" again. It continues where this one stopped.';
const copyKey =
  'copy it from a backup, or from another machine that connects to the environment. If no environment uses the key, delete its folder and run "{command}" again.';

/** Every error that a step throws or the CLI shows. A step's error keeps its name on the way to the CLI: the execution fails with it. */
export const catalogue = {
  // What a person typed
  UsageNotValid: {
    title: 'Invalid command',
    nextStep: 'Run "{usage} --help" to see its arguments and options.',
    reaction: 'never',
    outcome: 'usage',
  },
  RepositoryNotValid: {
    title: 'Invalid repository',
    nextStep: 'Use owner/name or a GitHub URL, for example "{usage} recode-sh/workspace{account}".',
    reaction: 'never',
    outcome: 'usage',
  },
  RepositoryAmbiguous: {
    title: 'More than one environment has this name',
    nextStep: 'Write the repository as owner/name, or use the name of the environment.',
    reaction: 'never',
    outcome: 'usage',
  },
  GitHubAccountUnknown: {
    title: 'GitHub account unknown',
    nextStep: 'Write the repository as owner/name, set GH_TOKEN, or run "gh auth login".',
    reaction: 'never',
    outcome: 'usage',
  },
  RepositoryNotFound: {
    title: 'Repository not found on GitHub',
    nextStep: 'Check the spelling. If the repository is private, set GH_TOKEN or run "gh auth login" with an account that can read it.',
    reaction: 'never',
    outcome: 'refused',
  },
  ConfirmationRequired: {
    title: 'Confirmation required',
    nextStep: 'Run the command in a terminal, or confirm with --force: "{command} --force".',
    reaction: 'never',
    outcome: 'usage',
  },
  CidrNotValid: {
    title: 'Invalid CIDR block',
    nextStep: 'Use an IPv4 address and a prefix length, for example --allow-cidr 203.0.113.7/32. For this machine, use --allow-cidr mine.',
    reaction: 'never',
    outcome: 'usage',
  },
  VolumeSizeNotValid: {
    title: 'Invalid volume size',
    nextStep: 'Use another --volume-size, or omit it to get the default size.',
    reaction: 'never',
    outcome: 'usage',
  },
  AutoStopNotValid: {
    title: 'Invalid time to stop',
    nextStep:
      'Use --auto-stop with a time (20:00), a duration up to 7 days (8h, 90m) or never, and --time-zone with a name like Europe/Paris.',
    reaction: 'never',
    outcome: 'usage',
  },
  InputNotValid: {
    title: 'Invalid execution input',
    nextStep: 'Start operations with the recode CLI, not in Step Functions. If you did, check that its version matches the deployed stack.',
    reaction: 'never',
    outcome: 'usage',
  },
  SettingsNotValid: {
    title: 'Invalid stack parameter',
    nextStep: 'Ask your AWS administrator to correct the parameter and to deploy Recode again.',
    reaction: 'never',
    outcome: 'failed',
  },
  InstanceTypeNotValid: {
    title: 'Invalid instance type',
    nextStep: 'See https://aws.amazon.com/ec2/instance-types for all types.',
    reaction: 'never',
    outcome: 'usage',
  },
  InstanceTypeNotFound: {
    title: 'Instance type not available',
    nextStep: 'Choose another one with --instance-type. https://aws.amazon.com/ec2/instance-types lists all types.',
    reaction: 'never',
    outcome: 'refused',
  },
  InstanceTypeNotSupported: {
    title: 'Instance type not supported',
    nextStep: 'Choose an on-demand type with an EBS root volume and an amd64 or arm64 processor, for example --instance-type t3.medium.',
    reaction: 'never',
    outcome: 'refused',
  },
  InstanceTypeNotInFreeTier: {
    title: 'Instance type not in the Free Tier',
    nextStep:
      'Choose a Free Tier type, for example --instance-type t3.micro, or upgrade the plan of the AWS account. "aws ec2 describe-instance-types --filters Name=free-tier-eligible,Values=true" lists them.',
    reaction: 'never',
    outcome: 'refused',
  },
  InstanceTypeNotAllowed: {
    title: 'Instance type not allowed by your team',
    nextStep: 'Choose an allowed type with --instance-type, or ask your AWS administrator to allow this one.',
    reaction: 'never',
    outcome: 'refused',
  },
  TooManyEnvironments: {
    title: 'You have reached your limit of environments',
    nextStep: 'Remove an environment ("recode aws list{account}" shows yours), or ask your AWS administrator to raise the limit.',
    reaction: 'never',
    outcome: 'refused',
  },
  OptionDiffers: {
    title: 'The environment exists with a different option',
    nextStep:
      'Omit the option to use the environment as it is. To change it, remove the environment and start it again: this deletes its files.',
    reaction: 'never',
    outcome: 'refused',
  },

  // Who asks
  NoCredentials: {
    title: 'No AWS credentials found',
    nextStep: 'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or use --profile. To try Recode without an AWS account, use --local.',
    reaction: 'never',
    outcome: 'failed',
  },
  AccessKeyIncomplete: {
    title: 'AWS access key incomplete',
    nextStep: 'Set the access key and its secret together, or neither.',
    reaction: 'never',
    outcome: 'usage',
  },
  ProfileNotValid: {
    title: 'Incomplete AWS profile',
    nextStep: 'Correct the profile in ~/.aws/config, or choose another one with --profile.',
    reaction: 'never',
    outcome: 'usage',
  },
  AwsConfigNotReadable: {
    title: 'Cannot read the AWS configuration',
    nextStep: 'Correct the file, then run "{command}" again.',
    reaction: 'never',
    outcome: 'usage',
  },
  AwsSettingNotValid: {
    title: 'Invalid AWS setting',
    nextStep: 'Correct the variable or the profile, then run "{command}" again.',
    reaction: 'never',
    outcome: 'usage',
  },
  CaBundleNotReadable: {
    title: 'Cannot use the CA bundle',
    nextStep: 'Set AWS_CA_BUNDLE, or ca_bundle in the profile, to a file with certificates in PEM format.',
    reaction: 'never',
    outcome: 'usage',
  },
  CredentialsNotObtained: {
    title: 'Cannot get AWS credentials',
    nextStep: 'Fix the cause above, or choose another profile with --profile.',
    reaction: 'never',
    outcome: 'failed',
  },
  SsoRoleNotAssigned: {
    title: 'Role not assigned in IAM Identity Center',
    nextStep: 'Check sso_account_id and sso_role_name in the profile, or ask your AWS administrator to assign the role to you.',
    reaction: 'never',
    outcome: 'refused',
  },
  MfaCodeNotAsked: {
    title: 'MFA code required',
    nextStep: 'Run "{command}" in a terminal. Commands in the next hour need no new code.',
    reaction: 'never',
    outcome: 'refused',
  },
  NoRegion: {
    title: 'No AWS region set',
    nextStep: 'Use --region, set AWS_REGION, or run "aws configure set region REGION". To try Recode without an AWS account, use --local.',
    reaction: 'never',
    outcome: 'usage',
  },
  ProfileNotFound: {
    title: 'AWS profile not found',
    nextStep: 'Run "aws configure list-profiles" to list the profiles on this machine.',
    reaction: 'never',
    outcome: 'usage',
  },
  CredentialsExpired: {
    title: 'AWS credentials expired',
    nextStep: 'Sign in again (with IAM Identity Center: "aws sso login"), then run "{command}" again.',
    reaction: 'never',
    outcome: 'failed',
  },
  CredentialsNotValid: {
    title: 'AWS rejected your credentials',
    nextStep: "Check the access key, this machine's clock, and that the account has enabled the region.",
    reaction: 'never',
    outcome: 'failed',
  },
  AwsUnreachable: {
    title: 'Cannot reach AWS',
    nextStep: 'Check the network and the region, and HTTPS_PROXY and AWS_ENDPOINT_URL if they are set. Then run "{command}" again.',
    reaction: 'never',
    outcome: 'failed',
  },
  CallerWithoutLastingName: {
    title: 'Your AWS session has no lasting name',
    nextStep: 'Set role_session_name in the profile, or RECODE_OWNER, to your name.',
    reaction: 'never',
    outcome: 'refused',
  },
  ControlPlaneNotDeployed: {
    title: 'Recode is not deployed here',
    nextStep: 'Check --region and --profile, or ask your AWS administrator to deploy Recode in this region ("npx serverless deploy").',
    reaction: 'never',
    outcome: 'refused',
  },
  CallerNotAllowed: {
    title: 'Access denied',
    nextStep:
      'Check --region and --profile. If they are right, ask your AWS administrator for that policy, or to deploy Recode in this region ("npx serverless deploy").',
    reaction: 'never',
    outcome: 'refused',
  },
  CliOlderThanStack: {
    title: 'This recode is older than the deployed stack',
    nextStep: 'Upgrade recode in the way you installed it (README.md), then run "{command}" again.',
    reaction: 'never',
    outcome: 'refused',
  },
  StackOlderThanCli: {
    title: 'The deployed stack is older than this recode',
    nextStep:
      'Ask your AWS administrator to deploy this version ("git pull && npm ci && npx serverless deploy"), then run "{command}" again.',
    reaction: 'never',
    outcome: 'refused',
  },
  PrivateKeyNotHere: {
    title: 'The private key is not on this machine',
    nextStep:
      'Use the machine that started the environment or copy its key to this one. Otherwise remove the environment and start it again: this deletes its files.',
    reaction: 'never',
    outcome: 'refused',
  },

  EnvironmentNotFound: {
    title: 'Environment not found',
    nextStep: 'Run "recode aws list{account}" to list yours, or "recode aws list --all{account}" to list everyone\'s.',
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
    title: 'Environments still exist',
    nextStep: 'Remove them ("recode aws remove <repository>{account}", with --owner for a teammate\'s), then run "{command}" again.',
    reaction: 'never',
    outcome: 'refused',
  },

  // Who else is at work
  OperationInProgress: {
    title: 'Another operation is in progress',
    nextStep: 'Wait until it ends, then run "{command}" again.',
    reaction: 'never',
    outcome: 'refused',
  },
  OperationSettling: {
    title: 'The previous operation has not released its lock yet',
    nextStep: again,
    reaction: 'poll',
    outcome: 'failed',
  },
  AutoStopNotDue: {
    title: 'The automatic stop is no longer due',
    nextStep: 'There is nothing to do. "recode aws status {environment}" shows when the environment stops.',
    reaction: 'never',
    outcome: 'refused',
  },
  UninstallInProgress: {
    title: 'Recode is being uninstalled',
    nextStep: 'Wait until the uninstall ends, then run "{command}" again.',
    reaction: 'never',
    outcome: 'refused',
  },
  EnvironmentBeingRemoved: {
    title: 'The environment is being removed',
    nextStep: 'Run "recode aws remove {environment}" to finish the removal, then run "{command}" to create a new environment.',
    reaction: 'never',
    outcome: 'refused',
  },
  RecodeNotInstalled: {
    title: 'Recode is not installed in this region',
    nextStep:
      'The first "recode aws start" in a region creates what environments share. If you expected environments here, check the region and the profile.',
    reaction: 'caught',
    outcome: 'refused',
  },
  TableStillDeleting: { title: 'The table is still being deleted', nextStep: again, reaction: 'poll', outcome: 'failed' },
  TableNotActive: { title: 'The table is not ready yet', nextStep: again, reaction: 'poll', outcome: 'failed' },
  NetworkBusy: { title: 'Another execution is creating the network', nextStep: again, reaction: 'poll', outcome: 'failed' },
  LockLost: { title: 'Another operation took over', nextStep: again, reaction: 'never', outcome: 'failed' },

  // What AWS says
  RequestThrottled: { title: 'AWS is throttling requests', nextStep: again, reaction: 'busy', outcome: 'failed' },
  AwsUnavailable: { title: 'AWS did not respond', nextStep: again, reaction: 'lost', outcome: 'failed' },
  NotVisibleYet: {
    title: 'AWS does not show a resource',
    nextStep: `${again} If someone deleted part of the network, remove the environments, run "recode aws uninstall{account}", and start again.`,
    reaction: 'visibility',
    outcome: 'failed',
  },
  InstanceNotVisibleYet: { title: 'AWS does not show the new instance yet', nextStep: again, reaction: 'visibility', outcome: 'failed' },
  PermissionMissing: {
    title: 'Permission missing',
    nextStep:
      "Ask your AWS administrator. If a role of Recode's functions lacks the action, deploy Recode again; the parameter permissionsBoundary and the organization's policies can still deny it. If you lack it, you need the policy RecodeUser or RecodeAdmin.",
    reaction: 'permission',
    outcome: 'failed',
  },
  DependencyStillInUse: {
    title: 'A resource is still in use',
    nextStep: 'Remove what uses it, then run "{command}" again. It continues where this one stopped.',
    reaction: 'dependency',
    outcome: 'failed',
  },
  FunctionCredentialsRejected: {
    title: "AWS rejected a function's credentials",
    nextStep:
      'Run "{command}" again; your own credentials are not the cause. If it fails again, ask your AWS administrator to deploy Recode again.',
    reaction: 'permission',
    outcome: 'failed',
  },
  NoCapacity: {
    title: 'AWS has no capacity for this instance type',
    nextStep: 'Wait a few minutes and run "{command}" again, or use another --instance-type.',
    reaction: 'never',
    outcome: 'failed',
  },
  NoCapacityToStart: {
    title: 'AWS has no capacity to start the instance',
    nextStep:
      'Wait a few minutes, then run "{command}" again: the disk is kept. If you cannot wait, remove the environment and start it with another --instance-type: this deletes its files.',
    reaction: 'never',
    outcome: 'failed',
  },
  VolumeKeyNotUsable: {
    title: 'EC2 cannot use the KMS key of the volume',
    nextStep:
      'Ask your AWS administrator to check that the key is enabled and that the stack parameter volumeKmsKey is its ARN. Then run "{command}" again.',
    reaction: 'never',
    outcome: 'failed',
  },
  InstanceProtected: {
    title: 'The instance is protected',
    nextStep: 'Turn off its termination protection or stop protection in the EC2 console, then run "{command}" again.',
    reaction: 'never',
    outcome: 'failed',
  },
  SubnetFull: {
    title: 'The subnet has no free address',
    nextStep: 'Remove environments that are no longer needed: stopped ones keep their address. Then run "{command}" again.',
    reaction: 'never',
    outcome: 'failed',
  },
  QuotaReached: {
    title: 'An AWS quota is reached',
    nextStep:
      'Ask your AWS administrator to raise it in the Service Quotas console, or delete what is no longer needed. Then run "{command}" again.',
    reaction: 'never',
    outcome: 'failed',
  },
  AccountNotReady: {
    title: 'AWS does not let the account do this',
    nextStep: 'Ask your AWS administrator to read the message from AWS above. AWS Support can lift the restriction.',
    reaction: 'never',
    outcome: 'failed',
  },
  ImageNotFound: {
    title: 'Ubuntu image not found',
    nextStep:
      "Ask your AWS administrator to check that the account can use Canonical's public images in this region, and its setting Allowed AMIs.",
    reaction: 'never',
    outcome: 'failed',
  },
  PartitionNotSupported: {
    title: 'Recode does not know this part of AWS',
    nextStep: 'Use a region of AWS, AWS GovCloud (US) or AWS China.',
    reaction: 'never',
    outcome: 'refused',
  },
  ImageUnavailable: { title: 'The Ubuntu image is no longer available', nextStep: again, reaction: 'caught', outcome: 'failed' },
  NameOwnedElsewhere: {
    title: 'The name is already taken',
    nextStep: 'Rename or delete that resource, then run "{command}" again. Recode never touches a resource that does not have its tags.',
    reaction: 'never',
    outcome: 'failed',
  },
  ResourceDiffers: {
    title: 'A resource was changed outside of Recode',
    nextStep: 'Change it back or delete it, then run "{command}" again.',
    reaction: 'never',
    outcome: 'failed',
  },
  AwsRefused: {
    title: 'AWS refused a request',
    nextStep: 'Fix what AWS says above, then run "{command}" again. It continues where this one stopped.',
    reaction: 'never',
    outcome: 'failed',
  },

  // The instance
  InstanceStillStopping: { title: 'The instance is still stopping', nextStep: again, reaction: 'poll', outcome: 'failed' },
  InstanceStillTerminating: { title: 'The instance is still terminating', nextStep: again, reaction: 'poll', outcome: 'failed' },
  InstanceGone: {
    title: 'The environment has lost its instance',
    nextStep: 'Start the environment to get a new instance, or remove it.',
    reaction: 'never',
    outcome: 'failed',
  },
  InstanceNotRunning: { title: 'The instance is not running yet', nextStep: again, reaction: 'poll', outcome: 'failed' },
  NoPublicAddress: {
    title: 'The instance has no public address',
    nextStep:
      'Run "{command}" again to ask EC2 for an address. If that does not help, run "recode aws stop {environment}" first: EC2 assigns an address at each start.',
    reaction: 'moment',
    outcome: 'failed',
  },
  InstanceFailedToLaunch: { title: 'The instance failed to launch', nextStep: again, reaction: 'never', outcome: 'failed' },
  InstanceFailedToStart: { title: 'The instance failed to start', nextStep: again, reaction: 'never', outcome: 'failed' },
  SshNotReady: {
    title: 'The instance does not answer on SSH',
    nextStep:
      'Look for errors in its console output above. A firewall or VPC Block Public Access can also be the cause. Then run "{command}" again.',
    reaction: 'poll',
    outcome: 'failed',
  },
  AddressNotAllowed: {
    title: 'This machine may not connect',
    nextStep:
      'Run "recode aws start {environment} --allow-cidr mine" to allow this machine instead of these blocks. To keep a block, add it with another --allow-cidr.',
    reaction: 'never',
    outcome: 'failed',
  },
  PublicAddressUnknown: {
    title: 'The public address of this machine is unknown',
    nextStep: 'Give the block instead of "mine", for example --allow-cidr 203.0.113.7/32, or set RECODE_CHECKIP_URL to another service.',
    reaction: 'never',
    outcome: 'failed',
  },
  SshUnreachable: {
    title: 'No SSH connection from this machine',
    nextStep:
      'Check that --allow-cidr includes this machine and that your network allows outgoing connections to port 2200. Then run "{command}" again.',
    reaction: 'never',
    outcome: 'failed',
  },
  SshClientMissing: {
    title: 'OpenSSH client not found',
    nextStep: 'Install it (on Debian and Ubuntu: "sudo apt-get install openssh-client"), then run "{command}" again.',
    reaction: 'never',
    outcome: 'failed',
  },
  SshClientFails: {
    title: 'The SSH client failed',
    nextStep: 'Fix what ssh reports above, then run "{command}" again.',
    reaction: 'never',
    outcome: 'failed',
  },
  UserNotKnown: {
    title: 'Your user does not exist on this system',
    nextStep: 'Add the user (as root: "{fix}"), or run Recode as another user.',
    reaction: 'never',
    outcome: 'failed',
  },
  SshHostKeyDiffers: {
    title: 'The host key does not match',
    nextStep: 'Do not connect: someone may be intercepting the connection. Ask your AWS administrator what happened to the instance.',
    reaction: 'never',
    outcome: 'failed',
  },
  SshKeyRefused: {
    title: 'The instance rejected the SSH key',
    nextStep:
      'If you still have a session open, add the public key to ~/.ssh/authorized_keys there. Otherwise remove the environment and start it again: this deletes its files.',
    reaction: 'never',
    outcome: 'failed',
  },

  // The execution and this machine
  ExecutionAborted: { title: 'The operation was stopped', nextStep: again, reaction: 'never', outcome: 'failed' },
  ExecutionTimedOut: { title: 'The operation timed out', nextStep: again, reaction: 'never', outcome: 'failed' },
  Interrupted: {
    title: 'Interrupted',
    nextStep: 'The operation continues without this command. Run "{command}" again to follow it.',
    reaction: 'never',
    outcome: 'interrupted',
  },
  Cancelled: {
    title: 'Interrupted',
    nextStep: 'Nothing was started. Run "{command}" again to start.',
    reaction: 'never',
    outcome: 'interrupted',
  },
  Terminated: {
    title: 'Terminated',
    nextStep: 'If an operation was started, it continues without this command. Run "{command}" again to follow it.',
    reaction: 'never',
    outcome: 'terminated',
  },
  TerminatedEarly: {
    title: 'Terminated',
    nextStep: 'Nothing was started. Run "{command}" again when you want to.',
    reaction: 'never',
    outcome: 'terminated',
  },
  HungUp: {
    title: 'The terminal was closed',
    nextStep: 'Run "recode aws list{account}" to see what was started.',
    reaction: 'never',
    outcome: 'hungUp',
  },
  OutputNotWritten: {
    title: 'The output is not complete',
    nextStep: 'Free some space or write somewhere else, then run "{command}" again.',
    reaction: 'never',
    outcome: 'failed',
  },
  SettingNotValid: {
    title: 'A setting of this machine is not valid',
    nextStep: 'Correct it, then run "{command}" again.',
    reaction: 'never',
    outcome: 'usage',
  },
  KeyPairIncomplete: {
    title: 'The private key is missing',
    nextStep: `Restore the missing file: ${copyKey}`,
    reaction: 'never',
    outcome: 'failed',
  },
  PrivateKeyNotUsable: {
    title: 'Cannot use the private key',
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
    title: 'Other users can read the private key',
    nextStep:
      'Run "{fix}", then run "{command}" again. If the mode does not change, the file system does not support modes: set XDG_DATA_HOME to a folder on another one.',
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
    title: 'The public key does not match the private key',
    nextStep: 'Run "{fix}" to write it again from the private key, then run "{command}" again.',
    reaction: 'never',
    outcome: 'failed',
  },
  KeysNotReadable: {
    title: 'Cannot read a file of the environment',
    nextStep: 'Give yourself access to the file or restore it, then run "{command}" again.',
    reaction: 'never',
    outcome: 'failed',
  },
  KeysNotWritable: {
    title: 'Cannot save the SSH key',
    nextStep: 'Make the folder writable, or set XDG_DATA_HOME to a folder that is. Then run "{command}" again.',
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
    title: 'Cannot write to the state directory',
    nextStep: 'Make it writable, or set RECODE_LOCAL_DIR to a directory that is.',
    reaction: 'never',
    outcome: 'failed',
  },
  StateDamaged: {
    title: 'The state of the embedded AWS is damaged',
    nextStep: 'Restore the file, or run "recode local reset" to start over: this deletes all local environments and their files.',
    reaction: 'never',
    outcome: 'failed',
  },
  LocalAwsDidNotStart: {
    title: 'The embedded AWS did not start',
    nextStep:
      'Read the end of its log above, or run "recode local reset" to start over: this deletes all local environments and their files.',
    reaction: 'never',
    outcome: 'failed',
  },
  LocalAwsDidNotStop: {
    title: 'The embedded AWS did not stop',
    nextStep: 'End its process, then run "{command}" again.',
    reaction: 'never',
    outcome: 'failed',
  },
  StateDirectoryNotOurs: {
    title: 'Not a state directory',
    nextStep: 'Set RECODE_LOCAL_DIR to a new or empty directory, or unset it.',
    reaction: 'never',
    outcome: 'usage',
  },
  LocalRegionDiffers: {
    title: 'The embedded AWS runs in another region',
    nextStep: 'Use that region, or run "recode local reset" first: this deletes all local environments and their files.',
    reaction: 'never',
    outcome: 'refused',
  },
  PlatformNotSupported: {
    title: 'The embedded AWS does not run on this system',
    nextStep: 'Use Linux, or WSL on Windows. To use Recode with your AWS account, omit --local.',
    reaction: 'never',
    outcome: 'refused',
  },
  Unexpected: {
    title: 'Unexpected error',
    nextStep: 'This is a bug in Recode. Please report it with the text above.',
    reaction: 'never',
    outcome: 'failed',
  },
} as const satisfies Record<string, Entry>;

export type ErrorName = keyof typeof catalogue;

/** An error of the catalogue. `ErrorEquals` matches its `name` and the CLI explains it; its message says what happened to which resource. */
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

/** Whether an operation that ends with this error was refused rather than failed, so that no administrator has to look into it. */
export function isRefusal(name: string): boolean {
  return isErrorName(name) && (catalogue[name].outcome === 'usage' || catalogue[name].outcome === 'refused');
}

export function isErrorName(name: string): name is ErrorName {
  return Object.hasOwn(catalogue, name);
}
