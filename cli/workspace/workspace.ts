import type { StartOutput } from '../../core/document.ts';
import { RecodeError } from '../../core/errors.ts';
import { environmentCommand, type OpenedEnvironment } from '../environment.ts';
import type { Session } from '../execution/session.ts';
import { hostsOf } from '../github/hosts.ts';
import { orWarn } from '../or-warn.ts';
import { type Output, warn } from '../output.ts';
import { tellInstance, tellsStops } from '../ssh/instance-stops.ts';
import type { RemoteHost } from '../ssh/remote.ts';
import { clone } from './clone.ts';
import { cloneFolderWord } from './clone-script.ts';
import { installDotfiles, isCloneOf } from './dotfiles.ts';
import { hookFailure, runHook } from './hooks.ts';
import { identityScript, readIdentity } from './identity.ts';
import { rememberFolder } from './remembered-folder.ts';
import { type Report, readReport, reportScript } from './report.ts';
import { readRepositories } from './repositories.ts';
import type { ReadyRequest } from './request.ts';
import { signingScript } from './signing.ts';
import { sourceOf } from './source.ts';

/** How an environment's workspace is after a start. */
export interface Workspace {
  /** The folder of the repository on the instance; null if it is not cloned. */
  readonly folder: string | null;
  /** The first thing that did not work. The environment can be used. */
  readonly failure?: RecodeError;
}

/** An environment that has just been started. */
export interface JustStarted extends Pick<StartOutput, 'name' | 'repository' | 'instanceId' | 'stopAt' | 'idleStop'> {
  /** Whether this command has started its instance. */
  readonly started: boolean;
}

/**
 * Makes the workspace on the instance of a started environment: clones its repository and those that it names, installs the dotfiles, and
 * runs the hooks. One part that fails does not keep the others from it, unless they need it. The first failure is returned, so that the
 * command can say first how to connect.
 */
export async function openWorkspace(
  environment: OpenedEnvironment,
  started: JustStarted,
  request: ReadyRequest,
  session: Session,
  output: Output,
): Promise<Workspace> {
  const host = { sshConfig: environment.files.sshConfig, name: started.name };
  if (!request.clone) {
    const told = await tellInstance(host, started).then(() => true, ignoreRecodeError);
    if (!told) session.view.say(untold(started));
    return { folder: null };
  }
  const failures: RecodeError[] = [];
  const attempt = async <Answer>(work: () => Promise<Answer>): Promise<Answer | undefined> => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof RecodeError)) throw error;
      failures.push(error);
      return undefined;
    }
  };
  const report = await attempt(() => look(host, started, request, session));
  if (report) {
    orWarn(output, () => rememberFolder(environment.files, report.folder, started.instanceId));
    await furnish(environment, { host, report, repository: started.repository, request }, session, attempt);
  }
  const folder = report?.folder ?? null;
  const [first, ...others] = failures;
  if (!first) return { folder };
  if (environment.account.options.local && outsideSandbox.has(first.name)) {
    warn(output, `${first.message} To clone the repository later, run "${environmentCommand(environment, 'start')}" again.`);
    return { folder };
  }
  for (const { message } of others) warn(output, message);
  return { folder, failure: first };
}

/** What holds where the instance could not be told of its automatic stops: it has booted before Recode could watch it. */
function untold({ idleStop }: JustStarted): string {
  const idle = idleStop === undefined || idleStop === 'off' ? '' : ` Idle stop takes effect at the next start.`;
  return `The instance warns nobody before an automatic stop until its next start.${idle}`;
}

function ignoreRecodeError(error: unknown): false {
  if (error instanceof RecodeError) return false;
  throw error;
}

// The embedded AWS is for trying Recode, also on a machine without a network.
const outsideSandbox: ReadonlySet<string> = new Set(['GitServerUnreachable', 'GitNotInstalled']);

/** Clones the repository, unless it is there, and looks what else there is to do. A start that changes nothing connects once for it. */
async function look(host: RemoteHost, justStarted: JustStarted, request: ReadyRequest, { view }: Session): Promise<Report> {
  const { repository, started } = justStarted;
  const { branch, depth, gitProtocol, hooks, signing } = request;
  const [source, identity] = await Promise.all([sourceOf(repository, gitProtocol, process.env), readIdentity()]);
  const options = { ...(branch !== undefined && { branch }), ...(depth !== undefined && { depth }) };
  const settings = identityScript(identity) + (signing === undefined ? '' : signingScript(signing));
  // Also where the clone fails. The input of the script is for the clone.
  const first = `knows_stops=\nif ${tellsStops(justStarted)} </dev/null >/dev/null 2>&1; then knows_stops=yes; fi\n`;
  const afterwards = `${settings}[ -z "$knows_stops" ] || tell knows-stops\n${reportScript({ started: started && hooks })}`;
  const { cloned, told } = await clone(host, { repository, source, folder: cloneFolderWord(repository), options }, view, {
    first,
    afterwards,
  });
  const report = readReport(told);
  if (!told.includes('knows-stops')) view.say(untold(justStarted));
  if (!cloned && branch !== undefined) view.say(`${report.folder} is there already and keeps its branch.`);
  return report;
}

interface Furnishing {
  readonly host: RemoteHost;
  readonly report: Report;
  readonly repository: string;
  readonly request: ReadyRequest;
}

/** What follows once the repository is there. */
async function furnish(
  environment: OpenedEnvironment,
  { host, report, repository, request }: Furnishing,
  { view }: Session,
  attempt: <Answer>(work: () => Promise<Answer>) => Promise<Answer | undefined>,
): Promise<void> {
  const { gitProtocol, dotfiles, hooks } = request;
  const named = await attempt(async () => readRepositories(report.repositories ?? '', repository, hostsOf(process.env)));
  for (const other of named ?? []) {
    if (report.names.has(other.split('/')[1] ?? '')) continue;
    await attempt(async () => {
      const source = await sourceOf(other, gitProtocol, process.env);
      await clone(host, { repository: other, source, folder: cloneFolderWord(other), options: {} }, view);
    });
  }
  const { dotfilesOrigin } = report;
  if (dotfiles !== undefined && dotfilesOrigin !== undefined && !isCloneOf(dotfiles, dotfilesOrigin, process.env)) {
    view.say(
      `~/dotfiles is not a clone of ${dotfiles}, and stays as it is. To replace it, delete it and ~/.local/state/recode/dotfiles on the instance.`,
    );
  } else if (dotfiles !== undefined && !report.dotfiles) {
    await attempt(async () => installDotfiles(host, dotfiles, await sourceOf(dotfiles, gitProtocol, process.env), view));
  }
  const due = hooks ? report.due : [];
  if (due.length > 0 && environment.account.options.local) view.say('An instance of the embedded AWS runs hooks on this machine, as you.');
  for (const name of due) {
    const ran = await attempt(async () => {
      const ended = await runHook(host, { repository, name, again: false }, view);
      const failure = ended && hookFailure(environment, ended);
      if (failure) throw failure;
      return 'well';
    });
    // What starts the project may need what sets it up.
    if (ran === undefined) break;
  }
}
