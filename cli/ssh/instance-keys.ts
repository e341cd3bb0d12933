import { RecodeError } from '../../core/errors.ts';
import { keysFile, withoutComment, writeKeys } from '../../core/instance/keys.ts';
import { quote, type RemoteHost, runToEnd } from './remote.ts';

/**
 * Makes an instance accept exactly these keys from the next login on. Whoever asks must be let in by one of them.
 *
 * @param publicKeys with or without comments
 * @returns the keys that it has accepted until now, without comments
 * @throws RecodeError InstanceKeysNotReplaced, InstanceDiskFull, InputNotValid, and those of cli/ssh/remote.ts
 */
export async function replaceInstanceKeys(host: RemoteHost, publicKeys: readonly string[]): Promise<string[]> {
  const { told, printed, reason } = await runToEnd(host, replaceKeysScript(publicKeys));
  if (told.includes('accepts')) return told.flatMap((text) => (text.startsWith('had ') ? [text.slice('had '.length)] : []));
  throw new RecodeError(
    printed(/No space left on device|Disk quota exceeded/i) ? 'InstanceDiskFull' : 'InstanceKeysNotReplaced',
    `The instance says: ${reason}`,
  );
}

/**
 * The script that replaces the file with the keys, unless it has them. Tells `had` with each key that was there, and `accepts` in the end.
 * Scripts at the same time wait for each other. An instance without the file reads its keys elsewhere, and keeps them.
 */
export function replaceKeysScript(publicKeys: readonly string[]): string {
  const keys = publicKeys.map((key) => quote(withoutComment(key))).join(' ');
  return `lifeline
exec 9<"$HOME" && flock 9 || exit
had=$(sudo -n cat ${keysFile}) || exit
printf '%s\\n' "$had" | while read -r key; do tell "had $key"; done
[ "$had" = "$(printf '%s\\n' ${keys})" ] || sudo -n sh -c ${quote(writeKeys(publicKeys))} || {
  # The shell of Ubuntu does not say why it cannot write.
  [ "$(stat -f -c %a ${keysFile})" != 0 ] || echo 'No space left on device' >&2
  exit 1
}
tell accepts
`;
}
