import { spawn } from 'node:child_process';
import type { AwsCredentialIdentity } from '@smithy/types';
import { RecodeError } from '../../../core/errors.ts';
import type { Provider } from '../decide.ts';
import { splitWindowsCommand, splitWords } from '../words.ts';

type Process = Extract<Provider, { kind: 'process' }>;

const patienceSeconds = 60;
const mostBytes = 1_000_000;

/**
 * Runs a `credential_process` as the AWS CLI does: without a shell. It gets no input and a minute.
 *
 * @param seconds how long it may take
 * @throws RecodeError CredentialsNotObtained with what the process says on stderr, CredentialsExpired
 */
export async function runProcess(
  { profile, command, accountId }: Process,
  platform: NodeJS.Platform,
  seconds = patienceSeconds,
): Promise<AwsCredentialIdentity> {
  const failed = (reason: string, cause?: unknown) =>
    new RecodeError('CredentialsNotObtained', `The credential_process of the profile "${profile}" ${reason}`, { cause });
  const [program, ...args] = (platform === 'win32' ? splitWindowsCommand(command) : splitWords(command)) ?? [];
  if (!program) throw failed(`is not a command: ${command || 'it is empty'}.`);
  const ended = await run(program, args, seconds);
  if ('error' in ended) throw failed(`cannot start: ${reasonOf(program, ended.error)}.`, ended.error);
  if (ended.late) throw failed(`did not end within ${seconds} seconds.${saying(ended.stderr)}`);
  if (ended.status !== 0)
    throw failed(`failed with ${typeof ended.status === 'number' ? 'exit code' : 'signal'} ${ended.status}.${saying(ended.stderr)}`);
  return identityIn(ended.stdout, accountId, failed);
}

type Ended = { readonly error: NodeJS.ErrnoException } | { stdout: string; stderr: string; late: boolean; status: string | number };

function run(program: string, args: readonly string[], seconds: number): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], windowsHide: true });
    const output = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        if (output[name].length < mostBytes) output[name] += text;
      });
    }
    const end = (ended: Ended) => {
      clearTimeout(timer);
      // What the process itself has started may hold these open.
      child.stdout.destroy();
      child.stderr.destroy();
      child.unref();
      resolve(ended);
    };
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      end({ ...output, late: true, status: 'SIGKILL' });
    }, seconds * 1000);
    child.once('error', (error) => end({ error }));
    child.once('close', (code, signal) => end({ ...output, late: false, status: code ?? signal ?? '' }));
  });
}

function reasonOf(program: string, { code, message }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT') return `${program} does not exist`;
  return code === 'EACCES' ? `${program} may not be run` : message;
}

const saying = (stderr: string) => (stderr.trim() === '' ? '' : `\n${stderr.trim()}`);

function identityIn(
  text: string,
  ownAccountId: string | undefined,
  failed: (reason: string, cause?: unknown) => RecodeError,
): AwsCredentialIdentity {
  const { Version, AccessKeyId, SecretAccessKey, SessionToken, Expiration, AccountId } = parse(text, failed);
  if (Version !== 1) throw failed(`answers with "Version": ${JSON.stringify(Version)}. It must be 1.`);
  if (typeof AccessKeyId !== 'string' || typeof SecretAccessKey !== 'string') {
    throw failed(`answers without ${typeof AccessKeyId === 'string' ? 'a SecretAccessKey' : 'an AccessKeyId'}.`);
  }
  const expiration = Expiration === undefined || Expiration === null ? undefined : new Date(String(Expiration));
  if (expiration && Number.isNaN(expiration.getTime()))
    throw failed(`answers with "Expiration": ${JSON.stringify(Expiration)}, which is no time.`);
  if (expiration && expiration.getTime() <= Date.now()) {
    throw new RecodeError('CredentialsExpired', `${failed('').message}returned credentials that expired on ${expiration.toISOString()}.`);
  }
  const accountId = typeof AccountId === 'string' && AccountId !== '' ? AccountId : ownAccountId;
  return {
    accessKeyId: AccessKeyId,
    secretAccessKey: SecretAccessKey,
    ...(typeof SessionToken === 'string' && SessionToken !== '' && { sessionToken: SessionToken }),
    ...(expiration && { expiration }),
    ...(accountId && { accountId }),
  };
}

function parse(text: string, failed: (reason: string, cause?: unknown) => RecodeError): Readonly<Record<string, unknown>> {
  try {
    const answer: unknown = JSON.parse(text);
    if (typeof answer === 'object' && answer !== null) return answer as Record<string, unknown>;
  } catch (error) {
    // Its words may be a secret.
    throw failed('did not print JSON.', error);
  }
  throw failed('did not print a JSON object.');
}
