import type { Environment } from '../../../../core/environment.ts';
import { acceptedKeys, type Keys } from '../../../../core/keys.ts';
import { commentOf, sameKey, sshFingerprint } from '../../../../core/openssh-key.ts';
import { ago } from '../../../duration.ts';
import type { OpenedEnvironment } from '../../../environment.ts';
import { orWarn } from '../../../or-warn.ts';
import { columns, type Output, paint, writeJson } from '../../../output.ts';
import { readKeyPair } from '../../../ssh/keys.ts';

/** A key as every command prints it with --json. */
export interface KeyView {
  readonly fingerprint: string;
  readonly comment: string;
  readonly publicKey: string;
  /** ISO 8601; null for the first key, which came with a start. */
  readonly addedAt: string | null;
  /** Whether its private half is on this machine. */
  readonly thisMachine: boolean;
}

/** The keys that an environment accepts, the first one first. */
export function keyViews({ publicKey: first, moreKeys = [] }: Keys, here: string | undefined): KeyView[] {
  if (first === undefined) return [];
  return [{ publicKey: first, addedAt: null }, ...moreKeys].map(({ publicKey, addedAt }) => ({
    fingerprint: sshFingerprint(publicKey),
    comment: commentOf(publicKey),
    publicKey,
    addedAt,
    thisMachine: here !== undefined && sameKey(publicKey, here),
  }));
}

/** The public half of this machine's key for an environment. One that cannot be read is a warning. */
export function keyHere({ files }: OpenedEnvironment, { wanted }: Pick<Environment, 'wanted'>, output: Output): string | undefined {
  let here: string | undefined;
  orWarn(output, () => {
    here = readKeyPair(files.key, acceptedKeys(wanted))?.publicKey;
  });
  return here;
}

/** Prints keys: as JSON, or a line for each. */
export function printKeys(views: readonly KeyView[], output: Output): void {
  const { stdout } = output;
  if (output.json) {
    writeJson(output, views);
    return;
  }
  const rows = views.map(({ fingerprint, comment, addedAt, thisMachine }) => [
    fingerprint,
    addedAt === null ? '-' : ago(addedAt),
    thisMachine ? 'this machine' : '',
    comment,
  ]);
  stdout.write(columns(['FINGERPRINT', 'ADDED', 'WHERE', 'COMMENT'], rows, (text) => paint(stdout, 'bold', text)));
}
