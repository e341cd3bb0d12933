/** A version of OpenSSH. */
export interface OpenSshVersion {
  /** As the program writes it: `OpenSSH_9.2`. */
  readonly name: string;
  /** To compare with: 902 for 9.2. */
  readonly number: number;
}

/**
 * The version of OpenSSH in a text.
 *
 * @param said what `ssh -V` says
 * @returns undefined if it is another client
 */
export function openSshVersion(said: string): OpenSshVersion | undefined {
  const [name, major, minor] = /OpenSSH_(?:for_Windows_)?(\d+)\.(\d+)/.exec(said) ?? [];
  return name === undefined ? undefined : { name, number: Number(major) * 100 + Number(minor) };
}
