export { StorageFailed } from '../storage.ts';
export { StateDamaged } from '../store.ts';

/** The state directory cannot be made or written to. */
export class StateDirectoryNotWritable extends Error {
  override readonly name = 'StateDirectoryNotWritable';

  constructor(
    readonly directory: string,
    reason: string,
  ) {
    super(`The embedded AWS cannot keep its state in ${directory}: ${reason}`);
  }
}

/** The directory holds other things than the embedded AWS's state, which nobody wants mixed, let alone deleted. */
export class NotAStateDirectory extends Error {
  override readonly name = 'NotAStateDirectory';

  constructor(readonly directory: string) {
    super(`${directory} is not a state directory of the embedded AWS. Name a new or an empty directory.`);
  }
}

/** The process ended or fell silent before it was ready. */
export class EmbeddedAwsDidNotStart extends Error {
  override readonly name = 'EmbeddedAwsDidNotStart';

  constructor(
    reason: string,
    readonly logFile: string,
    /** The last lines it wrote. */
    readonly logTail: string,
  ) {
    super(`${reason.replace(/\.?$/, '.')} Its log is ${logFile}${logTail ? `, and ends:\n${logTail}` : '.'}`);
  }
}

/** The process holds the state directory, and neither answers nor ends. */
export class EmbeddedAwsDidNotStop extends Error {
  override readonly name = 'EmbeddedAwsDidNotStop';

  constructor(readonly directory: string) {
    super(`The embedded AWS of ${directory} does not answer, and its process is unknown. End it by hand.`);
  }
}

/** Another region was asked for than the state was deployed in. */
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

/** Nothing says where the state of this user lies. */
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
