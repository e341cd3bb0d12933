import { expect, it } from 'vitest';
import { catalog, isErrorName, isRefusal, type Outcome, RecodeError } from '../../core/errors.ts';

it('gives an error the name that a state machine matches', () => {
  const error = new RecodeError('NetworkBusy', 'Busy.');
  expect(error.name).toBe('NetworkBusy');
  expect(String(error)).toBe('NetworkBusy: Busy.');
});

it('knows its own names only', () => {
  expect(isErrorName('NetworkBusy')).toBe(true);
  expect(isErrorName('toString')).toBe(false);
});

const namesOf = (outcome: Outcome) => Object.entries(catalog).flatMap(([name, row]) => (row.outcome === outcome ? [name] : []));

it('calls a wrong usage what the person has to write differently', () => {
  expect(namesOf('usage').sort()).toEqual([
    'AccessKeyIncomplete',
    'AutoStopNotValid',
    'AwsConfigNotReadable',
    'AwsSettingNotValid',
    'CaBundleNotReadable',
    'CidrNotValid',
    'ConfigDamaged',
    'ConfigNotReadable',
    'ConfirmationRequired',
    'EditorNotChosen',
    'GitHubAccountUnknown',
    'IdleStopNotValid',
    'InputNotValid',
    'InstanceTypeNotValid',
    'KeepNotValid',
    'NameNotValid',
    'NoHome',
    'NoRegion',
    'PathNotUsable',
    'ProfileNotFound',
    'ProfileNotValid',
    'RepositoryAmbiguous',
    'RepositoryNotValid',
    'SettingNotValid',
    'StateDirectoryNotOurs',
    'UsageNotValid',
    'VolumeSizeNotValid',
  ]);
});

it('tells the end of a command by a signal from its other ends', () => {
  expect(namesOf('interrupted')).toEqual(['Interrupted', 'Cancelled']);
  expect(namesOf('terminated')).toEqual(['Terminated', 'TerminatedEarly']);
  expect(namesOf('hungUp')).toEqual(['HungUp']);
});

// Nobody has to look into them: the alarm on failed operations leaves them out.
it.each([
  'InstanceNotStopped',
  'VolumeChangedRecently',
  'TooManyEnvironments',
  'OperationInProgress',
  'EnvironmentsStillExist',
  'CidrNotValid',
])('takes %s for a refusal', (name) => expect(isRefusal(name)).toBe(true));

it.each(['QuotaReached', 'PermissionMissing', 'SettingsNotValid', 'Unexpected', 'ExecutionAborted', 'toString', 'States.Runtime'])(
  'takes %s for no refusal',
  (name) => expect(isRefusal(name)).toBe(false),
);
