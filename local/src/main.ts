import { existsSync, statSync, truncateSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  type End,
  logFile,
  readSettings,
  recordEnd,
  removeAnnouncement,
  servicesDirectory,
  writeAnnouncement,
  writeSettings,
} from './control/directory.ts';
import { StateDamaged } from './control/errors.ts';
import { type Lock, takeLock } from './control/lock.ts';
import type { MainOptions, MainReport } from './control/process.ts';
import { type EmbeddedAws, startEmbeddedAws } from './embedded-aws.ts';
import { storageFailure } from './storage.ts';

// The detached process of the embedded AWS. control/process.ts starts it with its options as the only argument. SIGTERM ends it.

const options = JSON.parse(process.argv[2] ?? '') as MainOptions;
process.on('uncaughtException', end);
try {
  await report(await start(options));
} catch (error) {
  console.error(error);
  await report(asReport(error));
  process.exit(1);
}

async function start({ directory, packageDirectory, build, region: asked }: MainOptions): Promise<MainReport> {
  const lock = await takeLock(directory);
  if (!lock) return { kind: 'taken' };
  trimLog(logFile(directory));
  console.error(`${new Date().toISOString()} The embedded AWS starts (build ${build}, process ${process.pid}).`);

  const stored = readSettings(directory);
  const region = stored?.region ?? asked ?? 'us-east-1';
  if (asked !== undefined && asked !== region) {
    await lock.release();
    return { kind: 'region', asked, deployed: region };
  }
  // First of all, because they mark the directory as ours.
  if (!stored) writeSettings(directory, { region });
  const aws = await startEmbeddedAws({
    stateDirectory: servicesDirectory(directory),
    region,
    packageDirectory,
    runtimeFile: fileURLToPath(new URL('runtime.mjs', import.meta.url)),
    ...(stored?.port === undefined ? {} : { port: stored.port }),
  });
  writeSettings(directory, { region, port: Number(new URL(aws.endpoint).port) });
  writeAnnouncement(directory, {
    pid: process.pid,
    endpoint: aws.endpoint,
    region,
    accountId: aws.accountId,
    build,
    startedAt: new Date().toISOString(),
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void stop(directory, lock, aws));
  lock.announce();
  return { kind: 'ready' };
}

async function stop(directory: string, lock: Lock, aws: EmbeddedAws): Promise<void> {
  try {
    lock.withdraw();
    await aws.stop();
    removeAnnouncement(directory);
    console.error(`${new Date().toISOString()} The embedded AWS has stopped.`);
    process.exit(0);
  } catch (error) {
    end(error);
  }
}

/** Ends the process after an error from which it cannot recover, and records why, for the commands that lose their connection. */
function end(error: unknown): never {
  const cause = endOf(error);
  console.error(`${new Date().toISOString()} The embedded AWS ends. ${cause.message}`);
  console.error(error);
  try {
    recordEnd(options.directory, cause);
  } catch (unrecorded) {
    console.error(unrecorded);
  }
  process.exit(1);
}

function endOf(error: unknown): End {
  const failure = storageFailure(error, options.directory);
  if (failure) return { kind: failure.trouble, message: failure.message };
  return { kind: 'crashed', message: `It failed: ${error instanceof Error ? error.message : String(error)}` };
}

/** Reports to the process that started this one, if it still listens. */
function report(message: MainReport): Promise<void> {
  return new Promise((resolve) => {
    if (!process.connected || !process.send) return resolve();
    // It may have been interrupted at this moment. That does not matter here.
    process.send(message, undefined, undefined, () => {
      if (process.connected) process.disconnect();
      resolve();
    });
  });
}

function asReport(error: unknown): MainReport {
  const failure = storageFailure(error, options.directory);
  if (failure) return { kind: 'storage', trouble: failure.trouble, reason: failure.reason };
  const { message } = error as Error;
  if (!(error instanceof StateDamaged)) return { kind: 'failed', message };
  // The starter creates the error again, and its constructor puts the file before the reason.
  return { kind: 'damaged', file: error.file, message: message.replace(/^.*? is damaged: /, '') };
}

function trimLog(file: string): void {
  if (existsSync(file) && statSync(file).size > longestLog) truncateSync(file);
}

const longestLog = 10 * 1024 * 1024;
