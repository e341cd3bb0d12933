import { describe, expect, it } from 'vitest';
import { describeFailure, exitCodeOf, showFailure } from '../../cli/failure.ts';
import { catalog, RecodeError } from '../../core/errors.ts';
import { collectedOutput } from './collect.ts';

const command = { argv: ['aws', 'start', 'acme/api', '--profile', "the team's"], usage: 'recode aws start' };
const named = (name: string, message: string, more: object = {}) => Object.assign(new Error(message), { name, ...more });

describe('describeFailure', () => {
  it('repeats the command as it was typed, quoted for a shell', () => {
    const { nextStep } = describeFailure(new RecodeError('Interrupted', 'Stopped.'), command);
    expect(nextStep).toContain(`Run "recode aws start acme/api --profile 'the team'\\''s'" to see the result`);
  });

  it('leads the commands of a next step to the same account and environment', () => {
    const given = { ...command, repository: 'acme/api', owner: 'alice', account: { profile: "the team's", region: 'eu-west-1' } };
    const account = "--profile 'the team'\\''s' --region eu-west-1";
    const list = describeFailure(new RecodeError('EnvironmentNotFound', 'None.'), given);
    expect(list.nextStep).toContain(`"recode aws list ${account}"`);
    const status = describeFailure(new RecodeError('AutoStopNotDue', 'Not due.'), given);
    expect(status.nextStep).toContain(`"recode aws status acme/api --owner alice ${account}"`);
    const local = describeFailure(new RecodeError('EnvironmentNotFound', 'None.'), { ...command, account: { local: true } });
    expect(local.nextStep).toContain('"recode aws list --local"');
  });

  it.each([
    ['EnvironmentNotFinished', 'start'],
    ['EnvironmentNotStarted', 'start'],
    ['InstanceGone', 'remove'],
    ['EnvironmentNotFinished', 'remove'],
    ['PrivateKeyNotHere', 'keys add'],
    ['NoCapacityToStart', 'start'],
    ['InstanceNotStopped', 'restart'],
    ['ArchitectureDiffers', 'remove'],
    ['VolumeCannotShrink', 'remove'],
    ['SshKeyRefused', 'restart'],
    ['SshKeyRefused', 'keys sync'],
    ['NoStartedInstance', 'start'],
    ['InstanceKeysNotReplaced', 'restart'],
  ] as const)('names a command that can be run: %s, %s', (name, next) => {
    const given = { ...command, repository: 'acme/api', owner: 'alice', account: { local: true } };
    expect(describeFailure(new RecodeError(name, ''), given).nextStep).toContain(`"recode aws ${next} acme/api --owner alice --local"`);
  });

  it('names the option that agrees to a new instance', () => {
    const given = { ...command, repository: 'acme/api', owner: 'alice', account: { local: true } };
    const { nextStep } = describeFailure(new RecodeError('InstanceGone', ''), given);
    expect(nextStep).toContain('"recode aws start acme/api --owner alice --local --new-instance"');
  });

  it('keeps --local where Recode is not installed', () => {
    const { nextStep } = describeFailure(new RecodeError('RecodeNotInstalled', ''), { ...command, account: { local: true } });
    expect(nextStep).toContain('"recode aws start <repository> --local"');
  });

  it('leaves no placeholder in any next step', () => {
    for (const name of Object.keys(catalog) as (keyof typeof catalog)[]) {
      expect(describeFailure(new RecodeError(name, 'It happened.'), command).nextStep).not.toMatch(/[{}]/);
    }
  });

  it.each([
    ['CredentialsExpired', named('ExpiredTokenException', 'The security token included in the request is expired')],
    ['CredentialsNotValid', named('InvalidClientTokenId', 'The security token included in the request is invalid.')],
    ['AwsUnavailable', named('ServiceUnavailable', 'Try again.', { $metadata: { httpStatusCode: 503 } })],
    ['AwsUnreachable', named('TimeoutError', 'Connection timed out after 5000 ms')],
    ['Unexpected', new TypeError('x is not a function')],
    ['Unexpected', 'a string'],
  ])('takes for %s: %s', (name, error) => {
    expect(describeFailure(error, command).name).toBe(name);
  });

  it.each([
    [{ code: 'ENOTFOUND', hostname: 'sts.us-esat-1.amazonaws.com' }, 'sts.us-esat-1.amazonaws.com could not be resolved.'],
    [{ code: 'ECONNREFUSED', address: '127.0.0.1', port: 9 }, 'Nothing listens at 127.0.0.1 port 9.'],
    [
      { code: 'ECONNREFUSED', errors: [named('Error', '', { code: 'ECONNREFUSED', address: '::1', port: 9 })] },
      'Nothing listens at ::1 port 9.',
    ],
    [{ code: 'ECONNRESET' }, 'The connection failed: socket hang up.'],
  ])('tells a network failure in words: %o', (details, message) => {
    expect(describeFailure(named('Error', 'socket hang up', details), command)).toMatchObject({ name: 'AwsUnreachable', message });
  });

  it.each([
    [1, 'NoCredentials'],
    [2, 'UsageNotValid'],
    [2, 'CidrNotValid'],
    [3, 'VolumeCannotShrink'],
    [130, 'Interrupted'],
    [130, 'Cancelled'],
    [143, 'Terminated'],
  ] as const)('exits with %i for %s', (code, name) => {
    expect(exitCodeOf(describeFailure(new RecodeError(name, ''), command))).toBe(code);
  });
});

describe('the next step of an interrupted command', () => {
  const nextStepOf = (operation: string) => {
    const given = { argv: ['aws', operation, 'acme/api'], usage: `recode aws ${operation}`, repository: 'acme/api' };
    return describeFailure(new RecodeError('Interrupted', ''), given).nextStep;
  };

  it('is the same command, which shows the result', () => {
    expect(nextStepOf('stop')).toBe('Run "recode aws stop acme/api" to see the result.');
  });

  it('is to follow a restart, because the same command would stop the instance again', () => {
    expect(nextStepOf('restart')).toBe('Run "recode aws follow acme/api" to see the result.');
  });
});

describe('showFailure', () => {
  const error = new RecodeError('SshNotReady', 'It does not answer.\nThe end of its console:\nlogin:');
  const failure = describeFailure(error, { argv: ['aws', 'start', 'acme/api'], usage: 'recode aws start' });

  it('says what happened, then what to do, on stderr', () => {
    const { output, stdout, stderr } = collectedOutput();
    showFailure(output, failure, error, {});
    expect(stdout()).toBe('');
    expect(stderr()).toBe(
      '✗ The instance does not answer on SSH\n' +
        '  It does not answer.\n  The end of its console:\n  login:\n\n' +
        '  Look for errors in its console output above. A firewall or VPC Block Public Access can also be the cause. ' +
        'Then run "recode aws start acme/api" again.\n',
    );
  });

  it('prints one JSON object on stdout with --json, and nothing else', () => {
    const { output, stdout, stderr } = collectedOutput({ json: true });
    showFailure(output, failure, error, {});
    expect(JSON.parse(stdout())).toEqual({ error: failure });
    expect(Object.keys(failure)).toEqual(['name', 'title', 'message', 'nextStep']);
    expect(stderr()).toBe('');
  });

  it('adds the stack and its causes with RECODE_DEBUG=1', () => {
    const { output, stderr } = collectedOutput();
    showFailure(output, failure, new RecodeError('AwsRefused', 'No.', { cause: new Error('the vendor said no') }), { RECODE_DEBUG: '1' });
    expect(stderr()).toMatch(/AwsRefused: No\.\n {4}at .*[\s\S]*Caused by: Error: the vendor said no\n {4}at /);
  });
});
