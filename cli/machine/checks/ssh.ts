import type { Failure } from '../../failure.ts';
import { keysFolder } from '../../files/environment-folder.ts';
import { programPath } from '../../program-path.ts';
import { requireSshClient } from '../../ssh/client.ts';
import { openSshVersion } from '../../ssh/version.ts';
import { type Check, failed, ok, problem, warning } from '../check.ts';
import type { Explain } from '../explain.ts';
import { checkPatience } from '../within.ts';

/** The SSH client of this machine. */
export interface SeenSsh {
  /** Where it is. */
  readonly path: string | undefined;
  /** What it says of its version. */
  readonly said: string;
  /** Why it does not run. */
  readonly failure?: Failure;
  /** Whether the paths that it is given have percent signs. */
  readonly percentInPaths: boolean;
}

interface Use {
  /** As in `OpenSshVersion`. */
  readonly since: number;
  readonly what: string;
  readonly verdict: 'warning' | 'problem';
  readonly applies?: (seen: SeenSsh) => boolean;
}

/** What Recode uses of OpenSSH, and the release that brought it: https://www.openssh.com/releasenotes.html */
const uses: readonly Use[] = [
  { since: 605, what: 'Ed25519 keys', verdict: 'problem' },
  { since: 703, what: '"Include", which "recode aws config-ssh" and "recode aws open" need', verdict: 'warning' },
  {
    since: 804,
    what: 'percent signs in the path of UserKnownHostsFile',
    verdict: 'problem',
    applies: ({ percentInPaths }) => percentInPaths,
  },
  { since: 807, what: 'scp over SFTP, which "recode aws cp" needs for names with special characters', verdict: 'warning' },
];

const install = 'Install a current OpenSSH client (on Debian and Ubuntu: "sudo apt-get install openssh-client").';

/** Whether there is an OpenSSH client that has all that Recode uses. */
export function sshCheck(seen: SeenSsh): Check {
  const { path, said, failure } = seen;
  if (failure) return failed('ssh', failure);
  const where = `${said}${path === undefined ? '' : `, ${path}`}`;
  const version = openSshVersion(said);
  if (!version) return problem('ssh', `This is not OpenSSH: ${where}`, install);
  const missing = uses.filter(({ since, applies }) => version.number < since && (applies?.(seen) ?? true));
  if (missing.length === 0) return ok('ssh', where);
  const lacks = `${where}. It lacks ${missing.map(({ what, since }) => `${what} (${Math.floor(since / 100)}.${since % 100})`).join(', ')}.`;
  return missing.some(({ verdict }) => verdict === 'problem') ? problem('ssh', lacks, install) : warning('ssh', lacks, install);
}

/** Asks the client. */
export async function seeSsh(explain: Explain): Promise<SeenSsh> {
  const path = programPath('ssh', process.env);
  try {
    const said = await requireSshClient(checkPatience);
    return { path, said, percentInPaths: keysFolder(process.env).includes('%') };
  } catch (error) {
    return { path, said: '', failure: explain(error), percentInPaths: false };
  }
}
