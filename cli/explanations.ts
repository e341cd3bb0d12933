import type { ErrorName } from '../core/errors.ts';

/** What a person reads about an error. */
export interface Explanation {
  /** The headline. */
  readonly title: string;
  /**
   * What the person can do about it. `{command}` stands for the command to run again, `{usage}` for the name of the command that was typed,
   * `{offer}` for what its help shows, `{account}` for its --local, --profile and --region after a space, `{environment}` for its
   * repository with --owner and these, `{progress}` for the command that shows the operation in progress, `{fix}` for the command that
   * comes with the error.
   */
  readonly nextStep: string;
}

const again = 'Run "{command}" again. It continues where this one stopped.';
const copyKey =
  'copy it from a backup, or from another machine that connects to the environment. Without a copy, run "recode aws remove {environment}" and start again: this deletes its files. If there is no environment yet, delete the folder of the key instead.';

/** What a person reads about each error of the catalog. */
export const explanations: Readonly<Record<ErrorName, Explanation>> = {
  // What a person typed
  UsageNotValid: {
    title: 'Invalid command',
    nextStep: 'Run "{usage} --help" to see {offer}.',
  },
  RepositoryNotValid: {
    title: 'Invalid repository',
    nextStep: 'Use owner/name or a GitHub URL, for example "{usage} recode-sh/workspace{account}".',
  },
  RepositoryAmbiguous: {
    title: 'More than one environment has this name',
    nextStep: 'Write the repository as owner/name, or use the name of the environment.',
  },
  GitHubAccountUnknown: {
    title: 'GitHub account unknown',
    nextStep: 'Write the repository as owner/name, set GH_TOKEN, or run "gh auth login".',
  },
  RepositoryNotFound: {
    title: 'Repository not found on GitHub',
    nextStep: 'Check the spelling. If the repository is private, set GH_TOKEN or run "gh auth login" with an account that can read it.',
  },
  ConfirmationRequired: {
    title: 'Confirmation required',
    nextStep: 'Run the command in a terminal, or confirm with --force: "{command} --force".',
  },
  CidrNotValid: {
    title: 'Invalid CIDR block',
    nextStep: 'To allow this machine, use --allow-cidr mine.',
  },
  VolumeSizeNotValid: {
    title: 'Invalid volume size',
    nextStep: 'To get the default size, omit --volume-size.',
  },
  KeepNotValid: {
    title: 'Invalid time to keep the disk',
    nextStep: 'Run "{usage} --help" to see examples.',
  },
  NameNotValid: {
    title: 'Invalid name',
    nextStep: 'Run "{usage} --help" to see examples.',
  },
  NameTaken: {
    title: 'Another environment has this name',
    nextStep: 'Choose another name, then run the command again.',
  },
  AutoStopNotValid: {
    title: 'Invalid time to stop',
    nextStep: 'Run "{usage} --help" to see examples.',
  },
  IdleStopNotValid: {
    title: 'Invalid idle time',
    nextStep: 'Run "{usage} --help" to see examples.',
  },
  InputNotValid: {
    title: 'Invalid execution input',
    nextStep: 'Start operations with the recode CLI, not in Step Functions. If you did, check that its version matches the deployed stack.',
  },
  SettingsNotValid: {
    title: 'Invalid stack parameter',
    nextStep: 'Ask your AWS administrator to correct the parameter and to deploy Recode again.',
  },
  InstanceTypeNotValid: {
    title: 'Invalid instance type',
    nextStep: 'See https://aws.amazon.com/ec2/instance-types for all types.',
  },
  InstanceTypeNotFound: {
    title: 'Instance type not available',
    nextStep: 'Choose another one with --instance-type. https://aws.amazon.com/ec2/instance-types lists all types.',
  },
  InstanceTypeNotSupported: {
    title: 'Instance type not supported',
    nextStep: 'Choose an on-demand type with an EBS root volume and an amd64 or arm64 processor, for example --instance-type t3.medium.',
  },
  InstanceTypeNotInFreeTier: {
    title: 'Instance type not in the Free Tier',
    nextStep:
      'Choose a Free Tier type, for example --instance-type t3.micro, or upgrade the plan of the AWS account. "aws ec2 describe-instance-types --filters Name=free-tier-eligible,Values=true" lists them.',
  },
  InstanceTypeNotAllowed: {
    title: 'Instance type not allowed by your team',
    nextStep: 'Choose an allowed type with --instance-type, or ask your AWS administrator to allow this one.',
  },
  TooManyEnvironments: {
    title: 'The limit of environments is reached',
    nextStep: 'Their owner can remove one ("recode aws list{account}" shows them), or your AWS administrator can raise the limit.',
  },
  HoursUsedUp: {
    title: 'You have reached your limit of hours',
    nextStep:
      'Stop an environment that you do not need, or give it an earlier stop ("recode aws schedule set"): its reserved hours are free then. Or wait for the next month, or ask your AWS administrator to raise hoursPerOwner.',
  },
  AutoStopNotAllowed: {
    title: 'The automatic stop would come too late',
    nextStep: 'Choose a shorter time, for example 2h. A limit of your team (longestRun) can be raised by your AWS administrator.',
  },
  ZoneNotPossible: {
    title: 'The environment cannot move to this zone',
    nextStep: 'Choose another zone with --zone, or omit it to let Recode choose one.',
  },
  InstanceNotStopped: {
    title: 'The environment is running',
    nextStep:
      'Run "recode aws restart {environment}" with this --instance-type, which ends what runs on the instance, or stop it first. To use it as it is, omit the option.',
  },
  ArchitectureDiffers: {
    title: 'The disk was made for another architecture',
    nextStep:
      'Choose a type with the same architecture. For another one, run "recode aws remove {environment}" and start it again: this deletes its files.',
  },
  VolumeCannotShrink: {
    title: 'The volume cannot shrink',
    nextStep:
      'Choose a larger --volume-size, or omit it. For a smaller volume, run "recode aws remove {environment}" and start it again: this deletes its files.',
  },
  VolumeChangedRecently: {
    title: 'The volume cannot be changed again yet',
    nextStep: 'Run "{command}" again later. Until then, start it without --volume-size and --volume-type: the volume works as it is.',
  },

  // Who asks
  NoCredentials: {
    title: 'No AWS credentials found',
    nextStep: 'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or use --profile. To try Recode without an AWS account, use --local.',
  },
  AccessKeyIncomplete: {
    title: 'AWS access key incomplete',
    nextStep: 'Set the access key and its secret together, or neither.',
  },
  ProfileNotValid: {
    title: 'Incomplete AWS profile',
    nextStep: 'Correct the profile in ~/.aws/config, or choose another one with --profile.',
  },
  AwsConfigNotReadable: {
    title: 'Cannot read the AWS configuration',
    nextStep: 'Correct the file, then run "{command}" again.',
  },
  AwsSettingNotValid: {
    title: 'Invalid AWS setting',
    nextStep: 'Correct the variable or the profile, then run "{command}" again.',
  },
  CaBundleNotReadable: {
    title: 'Cannot use the CA bundle',
    nextStep: 'Set AWS_CA_BUNDLE, or ca_bundle in the profile, to a file with certificates in PEM format.',
  },
  CredentialsNotObtained: {
    title: 'Cannot get AWS credentials',
    nextStep: 'Fix the cause above, or choose another profile with --profile.',
  },
  SsoRoleNotAssigned: {
    title: 'Role not assigned in IAM Identity Center',
    nextStep: 'Check sso_account_id and sso_role_name in the profile, or ask your AWS administrator to assign the role to you.',
  },
  MfaCodeNotAsked: {
    title: 'MFA code required',
    nextStep: 'Run "{command}" in a terminal. Commands in the next hour need no new code.',
  },
  NoRegion: {
    title: 'No AWS region set',
    nextStep: 'Use --region, set AWS_REGION, or run "aws configure set region REGION". To try Recode without an AWS account, use --local.',
  },
  ProfileNotFound: {
    title: 'AWS profile not found',
    nextStep: 'Run "aws configure list-profiles" to list the profiles on this machine.',
  },
  CredentialsExpired: {
    title: 'Not signed in to AWS, or the session has expired',
    nextStep: 'Sign in again, then run "{command}" again.',
  },
  CredentialsNotValid: {
    title: 'AWS rejected your credentials',
    nextStep: "Check the access key, this machine's clock, and that the account has enabled the region.",
  },
  AwsUnreachable: {
    title: 'Cannot reach AWS',
    nextStep: 'Check the network and the region, and HTTPS_PROXY and AWS_ENDPOINT_URL if they are set. Then run "{command}" again.',
  },
  CallerWithoutLastingName: {
    title: 'Recode cannot tell who you are',
    nextStep: 'Sign in with IAM Identity Center or as an IAM user, or set role_session_name in the profile of your role.',
  },
  ControlPlaneNotDeployed: {
    title: 'Recode is not deployed here',
    nextStep: 'Check --region and --profile, or ask your AWS administrator to deploy Recode in this region ("npx serverless deploy").',
  },
  ProofMissing: {
    title: 'Nobody knows who started this',
    nextStep: 'Use a current version of recode to start it. The control plane accepts no execution that was started by other means.',
  },
  ProofNotValid: {
    title: 'The control plane cannot tell who you are',
    nextStep: 'Run "{command}" again. If it fails again, run "recode aws whoami{account}" and check the credentials and endpoints.',
  },
  ProofExpired: {
    title: 'The operation began too late',
    nextStep: 'Run "{command}" again. If it fails again, check that the clock of this machine is correct.',
  },
  CallerNotAllowed: {
    title: 'Access denied',
    nextStep:
      'Check --region and --profile. If they are right, ask your AWS administrator for that policy, or to deploy Recode in this region ("npx serverless deploy").',
  },
  CliOlderThanStack: {
    title: 'This recode is older than the deployed stack',
    nextStep: 'Upgrade recode in the way you installed it (README.md), then run "{command}" again.',
  },
  StackOlderThanCli: {
    title: 'The deployed stack is older than this recode',
    nextStep:
      'Ask your AWS administrator to deploy this version ("git pull && npm ci && npx serverless deploy"), then run "{command}" again.',
  },
  PrivateKeyNotHere: {
    title: 'The private key is not on this machine',
    nextStep: 'Run "recode aws keys add {environment}" to let this machine in, or use a machine that can connect.',
  },
  TeammateNotAllowed: {
    title: "You may not act on a teammate's environment",
    nextStep: 'Ask its owner. The person who deploys Recode decides who else may, with the parameters "teammates" and "administrators".',
  },
  NotYourEnvironment: {
    title: "Only the owner can change an environment's keys",
    nextStep: 'Ask the owner to run "recode aws keys add --public-key FILE" with your public key.',
  },
  KeyNotFound: {
    title: 'Key not found',
    nextStep: 'Run "recode aws keys list {environment}" to see the keys.',
  },
  TooManyKeys: {
    title: 'Too many keys',
    nextStep: 'Run "recode aws keys list {environment}" to see the keys, and "recode aws keys remove" to remove one.',
  },
  NoAcceptedKey: {
    title: 'Only the owner can start it now',
    nextStep: 'As its owner, run "recode aws start {environment}": it then accepts the key of that machine.',
  },
  LastKey: {
    title: 'The last key cannot be removed',
    nextStep: 'Run "recode aws keys add {environment}" on another machine first.',
  },

  EnvironmentNotFound: {
    title: 'Environment not found',
    nextStep: 'Run "recode aws list{account}" to list yours, or "recode aws list --all{account}" to list everyone\'s.',
  },
  EnvironmentNotStarted: {
    title: 'The environment is not started',
    nextStep: 'Run "recode aws start {environment}", then run "{command}" again. Or run that command with --start.',
  },
  NoStartedInstance: {
    title: 'There is no running instance to change',
    nextStep: 'There is nothing to sync. The recorded keys work after the next start: "recode aws start {environment}".',
  },
  EnvironmentNotFinished: {
    title: 'The environment was never finished',
    nextStep: 'Run "recode aws start {environment}" to finish it, or "recode aws remove {environment}".',
  },
  EnvironmentExists: {
    title: 'The environment exists',
    nextStep:
      'Use it ("recode aws start {environment}"), or remove it first ("recode aws remove {environment}"), with --keep for its own disk.',
  },
  NewOwnerHasEnvironment: {
    title: 'The new owner has an environment of this repository',
    nextStep:
      'The new owner can remove that one ("recode aws remove" with the repository), with --keep for its disk. Then run "{command}" again.',
  },
  KeptDiskNotFound: {
    title: 'No disk of this environment is kept',
    nextStep: 'Run "recode aws list --removed{account}" to see the disks that are kept.',
  },
  KeptDisksStillExist: {
    title: 'Disks of removed environments are kept',
    nextStep: 'Restore what you need, or delete them all with "{command} --delete-kept". AWS charges for them until they are deleted.',
  },
  EnvironmentsStillExist: {
    title: 'Environments still exist',
    nextStep: 'Remove them ("recode aws remove <repository>{account}", with --owner for a teammate\'s), then run "{command}" again.',
  },

  // Other operations
  OperationInProgress: {
    title: 'Another operation is in progress',
    nextStep: 'Wait until it ends ("{progress}" shows its progress), then run "{command}" again.',
  },
  OperationCancelled: { title: 'The operation was cancelled', nextStep: again },
  OperationSettling: {
    title: 'The previous operation has not released its lock yet',
    nextStep: again,
  },
  NoStopToPostpone: {
    title: 'There is no automatic stop to postpone',
    nextStep: 'Run "recode aws schedule show {environment}" to see when it stops, or "recode aws schedule set {environment} 8h".',
  },
  AutoStopNotDue: {
    title: 'The automatic stop is no longer due',
    nextStep: 'There is nothing to do. "recode aws status {environment}" shows when the environment stops.',
  },
  AutoStopHeldUp: {
    title: 'The automatic stop waits for another operation',
    nextStep: 'There is nothing to do: it is asked for every five minutes. "{progress}" shows the progress of the other operation.',
  },
  UninstallInProgress: {
    title: 'Recode is being uninstalled',
    nextStep: 'Wait until the uninstall ends, then run "{command}" again.',
  },
  EnvironmentBeingRemoved: {
    title: 'The environment is being removed',
    nextStep: 'Run "recode aws remove {environment}" to finish the removal, then run "{command}" to create a new environment.',
  },
  TransferNotFinished: {
    title: 'The environment is on its way to another owner',
    nextStep: 'The former owner or an administrator finishes the transfer with "{fix}".',
  },
  RecodeNotInstalled: {
    title: 'Recode is not installed in this region',
    nextStep:
      'Run "recode aws start <repository>{account}": the first start in a region creates what environments share. If you expected environments here, check the region and the profile.',
  },
  TableStillDeleting: { title: 'The table is still being deleted', nextStep: again },
  TableNotActive: { title: 'The table is not ready yet', nextStep: again },
  NetworkBusy: { title: 'Another execution is creating the network', nextStep: again },
  LockLost: { title: 'Another operation took over', nextStep: again },

  // Records
  RecordDamaged: {
    title: 'A record is damaged',
    nextStep:
      'Ask your AWS administrator to correct the item in the DynamoDB console, or to delete it. After that, "recode aws start" finds by their tags the instance and the network that exist, and records them again.',
  },
  RecordNewerThanCli: {
    title: 'A newer version of Recode wrote a record',
    nextStep: 'Upgrade recode in the way you installed it (README.md), then run "{command}" again.',
  },
  RecordNewerThanStack: {
    title: 'A newer version of the stack wrote a record',
    nextStep:
      'Ask your AWS administrator to deploy the newest version again ("git pull && npm ci && npx serverless deploy"), then run "{command}" again.',
  },

  // What AWS says
  RequestThrottled: { title: 'AWS is throttling requests', nextStep: again },
  AwsUnavailable: { title: 'AWS did not respond', nextStep: again },
  NotVisibleYet: {
    title: 'AWS does not show a resource',
    nextStep: `${again} If someone deleted part of the network, remove the environments, run "recode aws uninstall{account}", and start again.`,
  },
  InstanceNotVisibleYet: { title: 'AWS does not show the new instance yet', nextStep: again },
  PermissionMissing: {
    title: 'Permission missing',
    nextStep:
      "Ask your AWS administrator. If a role of Recode's functions lacks the action, deploy Recode again; the parameter permissionsBoundary and the organization's policies can still deny it. If you lack it, you need the policy RecodeUser or RecodeAdmin.",
  },
  DependencyStillInUse: {
    title: 'A resource is still in use',
    nextStep: 'Remove what uses it, then run "{command}" again. It continues where this one stopped.',
  },
  FunctionCredentialsRejected: {
    title: "AWS rejected a function's credentials",
    nextStep:
      'Run "{command}" again; your own credentials are not the cause. If it fails again, ask your AWS administrator to deploy Recode again.',
  },
  NoCapacity: {
    title: 'AWS has no capacity for this instance type in any zone',
    nextStep:
      'Wait a few minutes and run "{command}" again, or run "recode aws start {environment}" with another --instance-type. A disk that was kept stays.',
  },
  NoCapacityToStart: {
    title: 'AWS has no capacity to start the instance',
    nextStep:
      'Wait a few minutes, then run "{command}" again, run "recode aws start {environment}" with another --instance-type, or run "recode aws move {environment}" to move it to another zone. The environment stays stopped and keeps its disk.',
  },
  VolumeKeyNotUsable: {
    title: 'EC2 cannot use the KMS key of the volume',
    nextStep:
      'Ask your AWS administrator to check that the key is enabled and that the stack parameter volumeKmsKey is its ARN. Then run "{command}" again.',
  },
  InstanceProtected: {
    title: 'The instance is protected',
    nextStep: 'Turn off its termination protection or stop protection in the EC2 console, then run "{command}" again.',
  },
  SubnetFull: {
    title: 'The network has no free address',
    nextStep: 'Remove environments that are no longer needed: stopped ones keep their address. Then run "{command}" again.',
  },
  QuotaReached: {
    title: 'An AWS quota is reached',
    nextStep:
      'Ask your AWS administrator to raise it in the Service Quotas console, or delete what is no longer needed. Then run "{command}" again.',
  },
  AccountNotReady: {
    title: 'AWS does not let the account do this',
    nextStep: 'Ask your AWS administrator to read the message from AWS above. AWS Support can lift the restriction.',
  },
  ImageNotFound: {
    title: 'Ubuntu image not found',
    nextStep:
      "Ask your AWS administrator to check that the account can use Canonical's public images in this region, and its setting Allowed AMIs.",
  },
  PartitionNotSupported: {
    title: 'Recode does not know this part of AWS',
    nextStep: 'Use a region of AWS, AWS GovCloud (US) or AWS China.',
  },
  ImageUnavailable: { title: 'The Ubuntu image is no longer available', nextStep: again },
  NameOwnedElsewhere: {
    title: 'The name is already taken',
    nextStep: 'Rename or delete that resource, then run "{command}" again. Recode never touches a resource that does not have its tags.',
  },
  ResourceDiffers: {
    title: 'A resource was changed outside of Recode',
    nextStep: 'Change it back or delete it, then run "{command}" again.',
  },
  DiskNotKept: {
    title: 'The disk is not kept yet',
    nextStep: again,
  },
  ImageStillPending: {
    title: 'The snapshot of the disk is not completed yet',
    nextStep: again,
  },
  ImageFailed: {
    title: 'The snapshot of the disk failed',
    nextStep: 'Run "{command}" again to make another one. The environment still has its disk.',
  },
  AwsRefused: {
    title: 'AWS refused a request',
    nextStep: 'Fix what AWS says above, then run "{command}" again.',
  },

  // The instance
  VolumeStillModifying: { title: 'The volume is still being changed', nextStep: again },
  InstanceStillStopping: { title: 'The instance is still stopping', nextStep: again },
  InstanceStillTerminating: { title: 'The instance is still terminating', nextStep: again },
  InstanceGone: {
    title: 'The instance of the environment is gone',
    nextStep:
      'To start it with a new instance and an empty disk, run "recode aws start {environment} --new-instance". Or run "recode aws remove {environment}". "recode aws status {environment}" shows what is left.',
  },
  InstanceNotRunning: { title: 'The instance is not running yet', nextStep: again },
  NoPublicAddress: {
    title: 'The instance has no public address',
    nextStep:
      'Run "{command}" again to ask EC2 for an address. If that does not help, run "recode aws stop {environment}" first: EC2 assigns an address at each start.',
  },
  InstanceFailedToLaunch: { title: 'The instance failed to launch', nextStep: again },
  InstanceFailedToStart: { title: 'The instance failed to start', nextStep: again },
  SshNotReady: {
    title: 'The instance does not answer on SSH',
    nextStep:
      'Look for errors in its console output above. A firewall or VPC Block Public Access can also be the cause. Then run "{command}" again.',
  },
  AddressNotAllowed: {
    title: 'This machine is not allowed to connect',
    nextStep:
      'The environment is running: connect with "{fix}" from an allowed address, or run "recode aws start {environment} --allow-cidr mine" to allow this machine instead of these blocks. To keep a block, add it with another --allow-cidr.',
  },
  PublicAddressUnknown: {
    title: 'The public address of this machine is unknown',
    nextStep: 'Give the block instead of "mine", for example --allow-cidr 203.0.113.7/32, or set RECODE_CHECKIP_URL to another service.',
  },
  SshUnreachable: {
    title: 'No SSH connection from this machine',
    nextStep:
      'Check that --allow-cidr includes this machine and that your network allows outgoing connections to port 2200. Then run "{command}" again, or connect with "{fix}".',
  },
  SshClientMissing: {
    title: 'OpenSSH client not found',
    nextStep: 'Install it (on Debian and Ubuntu: "sudo apt-get install openssh-client"), then run "{command}" again.',
  },
  SshClientFails: {
    title: 'The SSH client failed',
    nextStep: 'Fix what ssh reports above, then run "{command}" again.',
  },
  UserNotKnown: {
    title: 'Your user does not exist on this system',
    nextStep: 'Add the user (as root: "{fix}"), or run Recode as another user.',
  },
  SshHostKeyDiffers: {
    title: 'The host key does not match',
    nextStep: 'Do not connect: someone may be intercepting the connection. Ask your AWS administrator what happened to the instance.',
  },
  SshKeyRefused: {
    title: 'The instance rejected the SSH key',
    nextStep:
      'Run "recode aws keys sync {environment}" on a machine that can log in, or "recode aws restart {environment}", which ends what runs on the instance. It then accepts the keys that "recode aws keys list {environment}" shows.',
  },
  InstanceNotTold: {
    title: 'The instance could not be told',
    nextStep:
      'Run "recode aws restart {environment}": each boot makes the instance watch itself, and takes over what is recorded. This ends what runs on it.',
  },
  InstanceLogNotRead: {
    title: 'The log on the instance could not be read',
    nextStep: 'Run "recode aws ssh {environment}" and see whether sudo works there.',
  },
  InstanceKeysNotReplaced: {
    title: 'The keys on the instance could not be replaced',
    nextStep:
      'Run "recode aws restart {environment}": the instance then accepts the keys that "recode aws keys list {environment}" shows. This ends what runs on it.',
  },
  SshClientOld: {
    title: 'The SSH client is too old',
    nextStep: 'Install a newer OpenSSH client, or rename the file. Then run "{command}" again.',
  },
  RemoteShellFails: {
    title: 'The shell of the environment failed',
    nextStep: 'Run "recode aws ssh {environment}" and check what its startup files do. Then run "{command}" again.',
  },
  PortInUse: {
    title: 'The port is in use',
    nextStep: 'Choose another local port, for example {fix}.',
  },
  PortNotAllowed: {
    title: 'The port is reserved',
    nextStep: 'Choose a local port from 1024 on, for example {fix}.',
  },
  PortsNotForwarded: {
    title: 'The ports were not forwarded',
    nextStep: 'Run "recode aws start {environment}". It checks the connection and says what is wrong. Then run "{command}" again.',
  },
  ConnectionLost: {
    title: 'The connection was lost',
    nextStep: 'Run "{command}" again. If that fails, "recode aws status {environment}" shows whether the environment is started.',
  },
  EditorNotChosen: {
    title: 'Which editor?',
    nextStep: 'Choose one with --editor, or for every time with "recode config set editor <name>".',
  },
  EditorNotFound: {
    title: 'Editor not found',
    nextStep:
      'Install its command (in VS Code, Cursor and Windsurf, run "Shell Command: Install command in PATH" from the command palette), or choose another editor with --editor.',
  },
  EditorFailed: {
    title: 'The editor did not open',
    nextStep: 'Fix what it reports above, then run "{command}" again. To connect without it, run "recode aws ssh {environment}".',
  },

  // The repository on the instance
  CloneRefused: {
    title: 'The instance cannot read the repository',
    nextStep:
      'Set GH_TOKEN or run "gh auth login" with an account that can read it, or use --git-protocol ssh with an SSH agent. Then run "{command}" again. The environment is started.',
  },
  BranchNotFound: {
    title: 'Branch not found',
    nextStep: 'Choose another --branch, or leave it out for the default branch. The environment is started.',
  },
  GitServerUnreachable: {
    title: 'The repository could not be downloaded',
    nextStep: 'Check that the instance can reach the server. Then run "{command}" again. The environment is started.',
  },
  GitNotInstalled: {
    title: 'No git on the instance',
    nextStep: 'Connect, install git (on Ubuntu: "sudo apt-get install git"), and run "{command}" again. The environment is started.',
  },
  InstanceDiskFull: {
    title: 'The disk of the instance is full',
    nextStep:
      'Connect and delete what you do not need, or clone less with --depth 1. Then run "{command}" again. The environment is started.',
  },
  InstanceConnectionLost: {
    title: 'The SSH connection to the instance was lost',
    nextStep: again,
  },
  RepositoriesNotValid: {
    title: 'Invalid list of repositories',
    nextStep:
      'Correct the file in the clone on the instance, and in the repository: owner/name or a URL in each line. Then run "{command}" again. The other repositories are not cloned yet.',
  },
  HookFailed: {
    title: 'A hook of the repository failed',
    nextStep: 'See its output above. Once it is fixed, run "{fix}". The environment is started.',
  },
  HookNotFound: {
    title: 'No such hook',
    nextStep:
      'Add .recode/hooks/init.sh or .recode/hooks/start.sh to the clone on the instance, and to the repository. Then run "{command}" again.',
  },
  RepositoryNotCloned: {
    title: 'The repository is not cloned yet',
    nextStep: 'Run "{fix}" to clone it. That also runs its hooks.',
  },
  DotfilesFailed: {
    title: 'The dotfiles could not be installed',
    nextStep: 'See the output above. Once they are fixed, run "{command}" again. The environment is started.',
  },
  SigningKeyNotUsable: {
    title: 'No SSH key to sign commits with',
    nextStep:
      'Set gpg.format to ssh and user.signingkey to your public key with "git config --global", and add the key to your SSH agent with "ssh-add".',
  },
  CloneFailed: {
    title: 'The repository could not be cloned',
    nextStep: 'Fix what git reports above, then run "{command}" again. The environment is started.',
  },

  // The execution and this machine
  ExecutionAborted: { title: 'The operation was stopped', nextStep: again },
  ExecutionTimedOut: { title: 'The operation timed out', nextStep: again },
  Interrupted: {
    title: 'Interrupted',
    nextStep: 'Run "{result}" to see the result.',
  },
  Cancelled: {
    title: 'Interrupted',
    nextStep: 'Run "{command}" again when you want to.',
  },
  Terminated: {
    title: 'Terminated',
    nextStep: 'Run "{result}" to see the result.',
  },
  TerminatedEarly: {
    title: 'Terminated',
    nextStep: 'Run "{command}" again when you want to.',
  },
  HungUp: {
    title: 'The terminal was closed',
    nextStep: 'Run "recode aws list{account}" to see what is there.',
  },
  OutputNotWritten: {
    title: 'The output is not complete',
    nextStep: 'Free some space or write somewhere else, then run "{result}".',
  },
  SettingNotValid: {
    title: 'Invalid setting on this machine',
    nextStep: 'Correct it, then run "{command}" again.',
  },
  ConfigDamaged: {
    title: 'The configuration file is damaged',
    nextStep: 'Correct the file, or delete it to start without settings. Then run "{command}" again.',
  },
  ConfigNotReadable: {
    title: 'Cannot read the configuration file',
    nextStep: 'Give yourself access to the file, or set XDG_CONFIG_HOME to another folder. Then run "{command}" again.',
  },
  ConfigNotWritable: {
    title: 'Cannot save the setting',
    nextStep: 'Make the folder writable, or set XDG_CONFIG_HOME to a folder that is. Then run "{command}" again.',
  },
  KeyPairIncomplete: {
    title: 'The private key is missing',
    nextStep: `Restore the missing file: ${copyKey}`,
  },
  PrivateKeyNotUsable: {
    title: 'Cannot use the private key',
    nextStep: `Replace the file: ${copyKey}`,
  },
  PrivateKeyLineEndings: {
    title: 'The private key has the wrong line endings',
    nextStep: 'Run "{fix}", then run "{command}" again.',
  },
  PrivateKeyReadableByOthers: {
    title: 'Other users can read the private key',
    nextStep:
      'Run "{fix}", then run "{command}" again. If the mode does not change, the file system does not support modes: set XDG_DATA_HOME to a folder on another one.',
  },
  PrivateKeyLocked: {
    title: 'The private key has a passphrase',
    nextStep: 'Add the key to an SSH agent with ssh-add, or remove the passphrase with "{fix}". Then run "{command}" again.',
  },
  PublicKeyNotValid: {
    title: 'Cannot use the public key',
    nextStep: 'Run "{fix}" to write it again from the private key, then run "{command}" again.',
  },
  KeysNotReadable: {
    title: 'Cannot read a file of the environment',
    nextStep: 'Give yourself access to the file or restore it, then run "{command}" again.',
  },
  KeysNotWritable: {
    title: 'Cannot save the SSH key',
    nextStep: 'Make the folder writable, or set XDG_DATA_HOME to a folder that is. Then run "{command}" again.',
  },
  SshConfigNotIncluded: {
    title: 'Your SSH configuration does not include your environments',
    nextStep: 'Run "recode aws config-ssh", then run "{command}" again.',
  },
  FileInPlaceOfFolder: {
    title: 'A file is in the place of a folder',
    nextStep: 'Move that file away, or set XDG_DATA_HOME to another folder. Then run "{command}" again.',
  },
  SshConfigNotReadable: {
    title: 'Cannot read your SSH configuration',
    nextStep: 'Give yourself access to the file or restore it, then run "{command}" again.',
  },
  SshConfigNotWritable: {
    title: 'Cannot change your SSH configuration',
    nextStep: 'Make the file and its folder writable, then run "{command}" again. Or change the file yourself.',
  },
  NoHome: {
    title: 'No home folder',
    nextStep: 'Set HOME to a folder that you can write to, then run "{command}" again.',
  },
  PathNotUsable: {
    title: 'The SSH client cannot use this path',
    nextStep: 'Set XDG_DATA_HOME to a folder with a plain path, then run "{command}" again.',
  },
  StateDirectoryNotWritable: {
    title: 'Cannot write to the state directory',
    nextStep: 'Make it writable, or set RECODE_LOCAL_DIR to a directory that is.',
  },
  StateDamaged: {
    title: 'The state of the embedded AWS is damaged',
    nextStep: 'Restore the file, or run "recode local reset" to start over: this deletes all local environments and their files.',
  },
  LocalAwsDidNotStart: {
    title: 'The embedded AWS did not start',
    nextStep:
      'Read the end of its log above, or run "recode local reset" to start over: this deletes all local environments and their files.',
  },
  LocalDiskFull: {
    title: 'The disk of the embedded AWS is full',
    nextStep: `Free some space on that disk. ${again}`,
  },
  LocalAwsStopped: {
    title: 'The embedded AWS was stopped while the command ran',
    nextStep: again,
  },
  LocalAwsReset: {
    title: 'The embedded AWS was reset while the command ran',
    nextStep: 'Run "{command}" again. It starts a new embedded AWS, which has no environments.',
  },
  LocalAwsEnded: {
    title: 'The embedded AWS ended unexpectedly',
    nextStep: 'Run "{command}" again. It starts the embedded AWS again, which has kept its state.',
  },
  LocalAwsDidNotStop: {
    title: 'The embedded AWS did not stop',
    nextStep: 'End its process, then run "{command}" again.',
  },
  StateDirectoryNotOurs: {
    title: 'Not a state directory',
    nextStep: 'Set RECODE_LOCAL_DIR to a new or empty directory, or unset it.',
  },
  LocalRegionDiffers: {
    title: 'The embedded AWS is in another region',
    nextStep:
      'Use that region, or set RECODE_LOCAL_DIR to another directory to have a second embedded AWS. To start over, run "recode local reset": this deletes all local environments and their files.',
  },
  PlatformNotSupported: {
    title: 'The embedded AWS does not run on this system',
    nextStep: 'Use Linux, or WSL on Windows. To use Recode with your AWS account, omit --local.',
  },
  OutputNotValid: {
    title: 'Invalid result of a step',
    nextStep: 'Run "{command}" again. If it fails in the same way, this is a bug in Recode. Please report it with the text above.',
  },
  Unexpected: {
    title: 'Unexpected error',
    nextStep: 'This is a bug in Recode. Please report it with the text above.',
  },
};
