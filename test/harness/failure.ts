import type { TestAws } from '@recode/embedded-aws/testing/embedded-aws';
import { expect } from 'vitest';
import { explanations } from '../../cli/explanations.ts';
import { catalog, type ErrorName, type Outcome } from '../../core/errors.ts';
import type { Ran } from './recode.ts';

/**
 * The errors that are provoked through the CLI as a user would, by the file of test/workflows, test/commands,
 * test/programs or test/bad-input that does it.
 * test/workflows/catalog.test.ts makes executions end with every other entry of the catalog.
 */
export const raisedBy = {
  allowed: ['AddressNotAllowed', 'PublicAddressUnknown'],
  arguments: ['UsageNotValid', 'RepositoryNotValid', 'CidrNotValid', 'InstanceTypeNotValid', 'AutoStopNotValid', 'IdleStopNotValid'],
  'untrusted-text': ['RepositoryAmbiguous'],
  'in-progress': ['OperationInProgress', 'UninstallInProgress'],
  caller: [
    'NoCredentials',
    'NoRegion',
    'ProfileNotFound',
    'CallerWithoutLastingName',
    'SettingNotValid',
    'ControlPlaneNotDeployed',
    'CredentialsExpired',
    'CredentialsNotValid',
    'AwsUnreachable',
  ],
  connection: ['SshClientMissing', 'SshHostKeyDiffers', 'SshUnreachable', 'KeyPairIncomplete', 'FileInPlaceOfFolder'],
  'key-files': [
    'PrivateKeyNotUsable',
    'PrivateKeyLineEndings',
    'PrivateKeyReadableByOthers',
    'PrivateKeyLocked',
    'PublicKeyNotValid',
    'KeysNotReadable',
    'PathNotUsable',
    'SshClientFails',
    'UserNotKnown',
  ],
  cancel: ['OperationCancelled'],
  config: ['ConfigDamaged', 'ConfigNotReadable', 'ConfigNotWritable'],
  'embedded-aws-ends': ['LocalDiskFull', 'LocalAwsStopped', 'LocalAwsReset', 'LocalAwsEnded'],
  'config-ssh': ['SshConfigNotReadable', 'SshConfigNotWritable'],
  forward: ['PortInUse', 'PortsNotForwarded', 'ConnectionLost'],
  cp: ['SshClientOld'],
  interrupted: ['Interrupted', 'Cancelled', 'Terminated', 'TerminatedEarly', 'HungUp'],
  open: ['SshConfigNotIncluded', 'EditorNotChosen', 'EditorNotFound', 'EditorFailed', 'RemoteShellFails'],
  output: ['OutputNotWritten'],
  keys: [
    'PrivateKeyNotHere',
    'NotYourEnvironment',
    'KeyNotFound',
    'TooManyKeys',
    'LastKey',
    'SshKeyRefused',
    'NoStartedInstance',
    'InstanceKeysNotReplaced',
  ],
  kept: ['KeepNotValid', 'EnvironmentExists', 'KeptDiskNotFound', 'KeptDisksStillExist'],
  'list-and-status': ['RecodeNotInstalled', 'EnvironmentNotFound'],
  machine: [
    'StateDirectoryNotWritable',
    'StateDirectoryNotOurs',
    'StateDamaged',
    'LocalAwsDidNotStart',
    'LocalAwsDidNotStop',
    'LocalRegionDiffers',
    'PlatformNotSupported',
    'NoHome',
  ],
  people: ['CallerNotAllowed'],
  teammates: ['TeammateNotAllowed'],
  questions: ['ConfirmationRequired', 'EnvironmentBeingRemoved'],
  rename: ['NameNotValid', 'NameTaken'],
  transfer: ['NewOwnerHasEnvironment', 'TransferNotFinished', 'NoAcceptedKey'],
  ssh: ['EnvironmentNotStarted'],
  stop: ['EnvironmentNotFinished', 'InstanceGone'],
  uninstall: ['EnvironmentsStillExist'],
  'unreadable-records': ['RecordDamaged', 'RecordNewerThanCli'],
  clone: ['CloneRefused', 'BranchNotFound', 'GitServerUnreachable', 'GitNotInstalled'],
  dotfiles: ['DotfilesFailed'],
  hooks: ['HookFailed', 'HookNotFound', 'RepositoryNotCloned'],
  identity: ['SigningKeyNotUsable'],
  repositories: ['RepositoriesNotValid'],
  version: ['CliOlderThanStack', 'StackOlderThanCli'],
} as const satisfies Record<string, readonly ErrorName[]>;

export interface ExpectedFailure {
  readonly name: ErrorName;
  readonly message: string;
  /** The command that the error itself has for its next step. */
  readonly fix?: string;
  /** What "--help" follows in the next step; `recode aws start` by default. */
  readonly usage?: string;
  /** What that help shows; arguments and options by default. */
  readonly offer?: string;
  /** The command to run again; the one that ran by default. */
  readonly again?: string;
}

/** As docs/exit-codes.md has them, written down once more: scripts rely on them. */
const exits: Record<Outcome, number> = { failed: 1, usage: 2, refused: 3, interrupted: 130, terminated: 143, hungUp: 129 };

const raised = new Set<ErrorName>();

/** Expects that `recode` has shown this failure, whole and nothing else: in words on stderr, or with --json as one object on stdout. */
export function expectFailure(ran: Pick<Ran, 'code' | 'stdout' | 'stderr'>, args: readonly string[], expected: ExpectedFailure): void {
  const { name, message } = expected;
  raised.add(name);
  const { title, nextStep } = explained(args, expected);
  if (args.includes('--json')) {
    expect(JSON.parse(ran.stdout)).toEqual({ error: { name, title, message, nextStep } });
  } else {
    expect(ran.stderr).toBe(`✗ ${title}\n${indented(message)}\n\n${indented(nextStep)}\n`);
  }
  expect(ran.code).toBe(exits[catalog[name].outcome]);
}

/** How long ago something started, as a command has shown it: `3s`. */
export const shownAge = ({ stdout, stderr }: Pick<Ran, 'stdout' | 'stderr'>) => /started (\d+[smhd]) ago/.exec(stdout + stderr)?.[1] ?? '';

/** Expects that nobody has changed anything in any region of the account since the calls were last forgotten. */
export async function expectNothingChanged(aws: TestAws): Promise<void> {
  const { calls } = (await aws.get('calls')) as { calls: { service: string; action: string; outcome: string }[] };
  const changing = calls.filter(({ action, outcome }) => outcome === 'ok' && !/^(Describe|Get|List|Query|Scan)/.test(action));
  expect(changing).toEqual([]);
}

/** Expects that the tests before have provoked each error that their file is there for. */
export function expectAllRaised(names: readonly ErrorName[]): void {
  expect(names.filter((name) => !raised.has(name))).toEqual([]);
}

function explained(args: readonly string[], expected: ExpectedFailure): { title: string; nextStep: string } {
  const {
    name,
    usage = 'recode aws start',
    offer = 'its arguments and options',
    fix = '',
    again = ['recode', ...args].join(' '),
  } = expected;
  const { title, nextStep } = explanations[name];
  const account = ['--local', '--profile', '--region'].map((option) => given(args, option)).join('');
  const repository = args[args[1] === 'keys' ? 3 : 2];
  const known = repository?.startsWith('-') === false;
  const environment = `${known ? repository : '<repository>'}${given(args, '--owner')}${account}`;
  const progress = known ? `recode aws follow ${environment}` : `recode aws list --all${account}`;
  const result = args[1] === 'restart' || args[1] === 'move' ? progress : again;
  const named = { command: again, result, usage, offer, account, fix, environment, progress };
  return { title, nextStep: Object.entries(named).reduce((text, [key, value]) => text.replaceAll(`{${key}}`, value), nextStep as string) };
}

/** An option of a command as it was given, with its value and a space before; nothing where it was not. */
function given(args: readonly string[], option: string): string {
  const index = args.indexOf(option);
  if (index < 0) return '';
  return ['', option, ...(option === '--local' ? [] : [args[index + 1]])].join(' ');
}

const indented = (text: string) => text.replace(/^(?=.)/gm, '  ');
