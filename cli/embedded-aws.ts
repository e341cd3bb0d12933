import { userInfo } from 'node:os';
import { join } from 'node:path';
import type { Fate, Installation, Latency, Running, Status, StorageFailed } from '@recode/embedded-aws/control';
import { type ErrorName, RecodeError } from '../core/errors.ts';
import { isOwner } from '../core/owner.ts';
import { builtPackage, packageRoot } from './package-root.ts';

/**
 * The embedded AWS of this person's state directory, started if it does not run.
 *
 * @param region where it has to be; without one, the person's setting counts at the first start only
 * @param during shows that it starts
 * @throws RecodeError UsageNotValid, StateDirectoryNotWritable, StateDirectoryNotOurs, StateDamaged, LocalDiskFull, LocalRegionDiffers,
 *   LocalAwsDidNotStart, PlatformNotSupported, ConfigDamaged, ConfigNotReadable, SettingNotValid
 */
export async function startEmbeddedAws(region?: string, during?: (start: () => Promise<void>) => Promise<void>): Promise<Running> {
  const regions = region === undefined ? await firstRegion() : { region };
  return controlled(({ up }, directory) => up(installation(directory), { ...regions, ...(during && { during }) }));
}

/** Sets how long its services take, until it ends. */
export async function setEmbeddedAwsLatency(running: Running, latency: Latency): Promise<void> {
  await controlled(({ setLatency }) => setLatency(running, latency));
}

/** Stops it, its state kept; false if it did not run. Throws RecodeError LocalAwsDidNotStop. */
export async function stopEmbeddedAws(): Promise<boolean> {
  return controlled(({ down }, directory) => down({ directory }));
}

/** Where its state lies, whether there is any or not. */
export async function embeddedAwsDirectory(): Promise<string> {
  return controlled(async (_, directory) => directory);
}

/** Whether it runs, and where. */
export async function embeddedAwsStatus(): Promise<Status> {
  return controlled(({ status }, directory) => status({ directory }));
}

/** Stops it and deletes its state; false if there was none. Throws RecodeError StateDirectoryNotOurs, LocalAwsDidNotStop. */
export async function resetEmbeddedAws(): Promise<boolean> {
  return controlled(({ reset }, directory) => reset({ directory }));
}

/** Why it does not answer any more, although it did when the command began. */
export async function embeddedAwsEnd(cause: unknown): Promise<RecodeError> {
  return controlled(async ({ fate }, directory) => {
    const [name, message] = endOf(await fate({ directory }), directory);
    return new RecodeError(name, message, { cause });
  });
}

/**
 * What a person on this machine signs with: their own name, so that two of them own different environments, or the name that they have chosen.
 *
 * @throws RecodeError SettingNotValid
 */
export function localCredentials(chosen = ''): { accessKeyId: string; secretAccessKey: string } {
  if (chosen !== '' && !isOwner(chosen)) {
    throw new RecodeError('SettingNotValid', `Invalid RECODE_OWNER '${chosen}'. Use 1 to 128 letters, digits and + = , . _ @ -.`);
  }
  return { accessKeyId: chosen || userName().replace(/[^A-Za-z0-9+=._@-]/g, '-'), secretAccessKey: 'local' };
}

async function firstRegion(): Promise<{ firstRegion?: string }> {
  const { readUserSettings } = await import('./settings/user-settings.ts');
  const region = readUserSettings(process.env).get('region');
  return region === undefined ? {} : { firstRegion: region };
}

type Control = typeof import('@recode/embedded-aws/control');

async function controlled<Answer>(run: (control: Control, directory: string) => Promise<Answer>): Promise<Answer> {
  const control = await import('@recode/embedded-aws/control');
  try {
    return await run(control, directoryOf(control));
  } catch (error) {
    throw explained(error);
  }
}

// The embedded AWS knows nothing of Recode, so its errors have names of their own.
const names: Readonly<Record<string, ErrorName>> = {
  StateDamaged: 'StateDamaged',
  StateDirectoryNotWritable: 'StateDirectoryNotWritable',
  NotAStateDirectory: 'StateDirectoryNotOurs',
  EmbeddedAwsDidNotStart: 'LocalAwsDidNotStart',
  EmbeddedAwsDidNotStop: 'LocalAwsDidNotStop',
  RegionMismatch: 'LocalRegionDiffers',
  UnknownRegion: 'UsageNotValid',
  UnsupportedPlatform: 'PlatformNotSupported',
  NoHomeFolder: 'NoHome',
};

const troubles: Readonly<Record<StorageFailed['trouble'], ErrorName>> = {
  full: 'LocalDiskFull',
  gone: 'LocalAwsEnded',
  broken: 'StateDirectoryNotWritable',
};

function endOf(fate: Fate, directory: string): [ErrorName, string] {
  switch (fate.kind) {
    case 'running':
      return ['LocalAwsStopped', `Another command stopped the embedded AWS in ${directory}. It is running again.`];
    case 'stopped':
      return ['LocalAwsStopped', `Another command stopped the embedded AWS in ${directory}.`];
    case 'reset':
      return ['LocalAwsReset', `The state in ${directory} was deleted.`];
    case 'killed':
      return ['LocalAwsEnded', `Its process was killed. Its log is ${fate.logFile}.`];
    case 'crashed':
      return ['LocalAwsEnded', fate.message];
    default:
      return [troubles[fate.kind], fate.message];
  }
}

function explained(error: unknown): unknown {
  if (error instanceof Error && error.name === 'StorageFailed') {
    return new RecodeError(troubles[(error as StorageFailed).trouble], error.message, { cause: error });
  }
  const name = error instanceof Error ? names[error.name] : undefined;
  return name === undefined ? error : new RecodeError(name, (error as Error).message, { cause: error });
}

const directoryOf = ({ stateDirectory }: Control) => stateDirectory(process.env, 'RECODE_LOCAL_DIR', 'recode/local');

function installation(directory: string): Installation {
  const dist = join(packageRoot(), 'dist');
  const { build } = builtPackage();
  return { directory, packageDirectory: join(dist, 'stack'), mainFile: join(dist, 'local', 'main.mjs'), build };
}

function userName(): string {
  try {
    return userInfo().username;
  } catch (error) {
    // A container may run as a user id without a name.
    if ((error as NodeJS.ErrnoException).code !== 'ERR_SYSTEM_ERROR') throw error;
    return `user-${process.getuid?.() ?? 0}`;
  }
}
