export { StorageFailed } from '../storage.ts';
export { StateDamaged } from '../store.ts';

/** The state directory cannot be created or written. */
export class StateDirectoryNotWritable extends Error {
  override readonly name = 'StateDirectoryNotWritable';

  constructor(
    readonly directory: string,
    reason: string,
  ) {
    super(`The embedded AWS cannot keep its state in ${directory}: ${reason}`);
  }
}

/** The directory has other files, which must not be mixed with the state of the embedded AWS, or deleted with it. */
export class NotAStateDirectory extends Error {
  override readonly name = 'NotAStateDirectory';

  constructor(readonly directory: string) {
    super(`${directory} is not a state directory of the embedded AWS. Name a new or an empty directory.`);
  }
}

/** The process ended before it was ready, or was not ready in time. */
export class EmbeddedAwsDidNotStart extends Error {
  override readonly name = 'EmbeddedAwsDidNotStart';

  constructor(
    reason: string,
    readonly logFile: string,
    /** The last lines of its log. */
    readonly logTail: string,
  ) {
    super(`${reason.replace(/\.?$/, '.')} Its log is ${logFile}${logTail ? `, and ends:\n${logTail}` : '.'}`);
  }
}

/** The process holds the state directory, but does not answer or end. */
export class EmbeddedAwsDidNotStop extends Error {
  override readonly name = 'EmbeddedAwsDidNotStop';

  constructor(readonly directory: string) {
    super(`The embedded AWS of ${directory} does not answer, and its process is unknown. End it by hand.`);
  }
}

/** The embedded AWS does not have the region. */
export class UnknownRegion extends Error {
  override readonly name = 'UnknownRegion';

  constructor(
    readonly asked: string,
    known: readonly string[],
  ) {
    super(`The embedded AWS does not have the region ${asked}. It has ${known.join(', ')}.`);
  }
}

/** The requested region is not the one in which the state is deployed. */
export class RegionMismatch extends Error {
  override readonly name = 'RegionMismatch';

  constructor(
    readonly asked: string,
    readonly deployed: string,
    readonly directory: string,
  ) {
    super(`The embedded AWS in ${directory} is deployed in ${deployed}, not in ${asked}. Its region cannot change.`);
  }
}

/** The home folder of this user is unknown, so the state directory is, too. */
export class NoHomeFolder extends Error {
  override readonly name = 'NoHomeFolder';

  constructor() {
    super('HOME is not set, and the system knows no home folder for this user.');
  }
}

export class UnsupportedPlatform extends Error {
  override readonly name = 'UnsupportedPlatform';

  constructor(readonly platform: string) {
    super(`The embedded AWS needs Linux (or WSL); this machine runs ${platform}.`);
  }
}
