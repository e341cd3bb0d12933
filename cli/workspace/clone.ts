import { RecodeError } from '../../core/errors.ts';
import type { FollowView } from '../execution/follow-view.ts';
import type { NoToken, Token } from '../github/token.ts';
import { type RemoteHost, runRemote } from '../ssh/remote.ts';
import { cloneFailure } from './clone-failure.ts';
import { type Cloning, cloneScript } from './clone-script.ts';

/** A repository to clone, unless it is there. */
export interface WantedClone extends Cloning {
  /** `owner/name` */
  readonly repository: string;
}

/** How a repository was found. */
export interface FoundClone {
  /** Whether it was not there before. */
  readonly cloned: boolean;
  /** What the script told afterwards. */
  readonly told: readonly string[];
}

const mostLines = 200;

/**
 * Clones a repository on an instance over one connection. One that is there already is left as it is.
 *
 * @param more what the script is to do first, telling nothing, and in the end
 * @throws RecodeError CloneRefused, BranchNotFound, GitServerUnreachable, InstanceDiskFull, GitNotInstalled, CloneFailed, and those of
 *   cli/ssh/remote.ts
 */
export async function clone(
  host: RemoteHost,
  wanted: WantedClone,
  view: FollowView,
  more = { first: '', afterwards: '' },
): Promise<FoundClone> {
  const { repository, source, options } = wanted;
  const said: string[] = [];
  let show = (_: string) => {};
  const remote = runRemote(host, more.first + cloneScript(wanted) + more.afterwards, {
    forwardAgent: source.protocol === 'ssh',
    line(text) {
      said.push(text);
      if (said.length > mostLines) said.shift();
    },
    passing: (text) => show(progressIn(text)),
  });

  let token: Token | NoToken | undefined;
  const failed = async () => {
    // What git has said is complete at the end.
    while ((await remote.told()) !== undefined);
    return cloneFailure({ repository, source, branch: options.branch, token, said });
  };
  const cloning = (detail: (text: string) => void) => {
    show = detail;
    return cloned();
  };
  const cloned = async () => {
    if (source.protocol === 'https') token = await source.token();
    remote.answer(token && 'value' in token ? token.value : '');
    if ((await remote.told()) !== 'cloned') throw await failed();
  };

  for (let made = false; ; ) {
    const told = await remote.told();
    if (told === 'ready') return { cloned: made, told: await rest(remote.told) };
    if (told === 'busy') view.say('Waiting for another clone in this environment.');
    else if (told === 'waits-for-git') view.say('Waiting until git is installed.');
    else if (told === 'no-git') throw new RecodeError('GitNotInstalled', 'The instance has no git, and cloud-init is not installing it.');
    else if (told === 'needs-lfs') view.say(`${repository} uses Git LFS, which the instance does not have: large files are pointers only.`);
    else if (told === 'missing') {
      await view.during(`Cloning ${repository}`, cloning);
      made = true;
    } else throw await failed();
  }
}

async function rest(told: () => Promise<string | undefined>): Promise<string[]> {
  const all: string[] = [];
  for (let next = await told(); next !== undefined; next = await told()) all.push(next);
  return all;
}

/** `remote: Counting objects:  45% (9/20)` becomes `Counting objects 45%`. */
function progressIn(line: string): string {
  const [, what, percent] = /^(?:remote: )?(\w[\w ]*): +(\d+%)/.exec(line) ?? [];
  return what === undefined ? '' : `${what} ${percent}`;
}
