import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { RecodeError } from '../../core/errors.ts';
import { shellQuoteOn } from '../shell-quote.ts';
import { clientNotRun, lastLine } from './client.ts';
import { lineReader } from './lines.ts';

/** A host of a configuration file for ssh. */
export interface RemoteHost {
  /** The file for `ssh -F`. */
  readonly sshConfig: string;
  readonly name: string;
}

/** A script that runs on an instance. */
export interface Remote {
  /**
   * The next thing that the script tells; undefined once it has ended.
   *
   * @throws RecodeError InstanceConnectionLost, RemoteShellFails, SshClientMissing, SshClientFails
   */
  told(): Promise<string | undefined>;
  /** Gives the script's next `read` a line, which may be secret: it is in no argument, variable or file. */
  answer(line: string): void;
}

/** How to run a script. */
export interface RemoteOptions {
  /** Whether the script's programs can use the SSH agent of this machine. */
  readonly forwardAgent?: boolean;
  /** Gets what the script and its programs print, a line at a time. */
  line(text: string): void;
  /** Gets the text of a line that another one replaces, as in a progress bar. */
  passing?(text: string): void;
}

/** A word as a POSIX shell on the instance reads it, whatever system this machine has. */
export const quote = (word: string): string => shellQuoteOn('linux', word);

// What a login script prints comes on the same way.
const mark = '#recode ';

/**
 * What every script can use. `tell` says something to the CLI. After `lifeline`, there is nothing more to read, and everything that the
 * script has started ends with the connection: sshd lets a command without a terminal run on. A script begins in its own process group.
 * What `clean` does happens at the end of a script, also at that one.
 */
const prelude = `exec 4>&1 >&2
watcher=
tell() { printf '%s%s\\n' '${mark}' "$*" >&4; }
clean() { :; }
ended() {
  clean
  [ -z "$watcher" ] || kill -KILL "$watcher"
  tell "end $1"
}
trap 'ended $?' EXIT
trap : PIPE # once the connection has ended, a message would end the script before it has cleaned up
trap 'trap - EXIT; clean; exit 143' TERM
lifeline() {
  exec 3<&0 </dev/null
  (
    exec 4>&- 9>&- >/dev/null 2>&1
    cat <&3
    trap '' TERM
    kill -TERM 0
    sleep 2
    kill -KILL 0
  ) &
  watcher=$!
  exec 3<&-
}
`;

// A program that a script leaves running may keep the connection open.
const mostMillisecondsToClose = 500;

/**
 * Runs a POSIX shell script on an instance with the system's ssh. When this process ends, the script ends too. Others can see the text of
 * the script there, so it has no secrets in it.
 */
export function runRemote({ sshConfig, name }: RemoteHost, script: string, { forwardAgent = false, ...reader }: RemoteOptions): Remote {
  const options = ['BatchMode=yes', 'ConnectTimeout=15', 'ServerAliveInterval=15', ...(forwardAgent ? ['ForwardAgent=yes'] : [])];
  const args = ['-F', sshConfig, ...options.flatMap((option) => ['-o', option]), name, `exec sh -c ${quote(prelude + script)}`];
  // In a process group of its own, Ctrl-C in a terminal reaches this process alone, which says what it means.
  const child = spawn('ssh', args, { stdio: 'pipe', detached: process.platform !== 'win32' });
  const messages: string[] = [];
  let stderr = '';
  let ended = false;
  let wake = () => {};

  const stdout = lineReader({
    line(text) {
      if (!text.startsWith(mark)) return reader.line(text);
      const words = text.slice(mark.length);
      if (/^end \d+$/.test(words)) ended = true;
      else messages.push(words);
      wake();
    },
  });
  const printed = lineReader({
    line(text) {
      stderr = text.trim() || stderr;
      reader.line(text);
    },
    passing: reader.passing,
  });
  child.stdout.setEncoding('utf8').on('data', stdout.read);
  child.stderr.setEncoding('utf8').on('data', printed.read);
  // Why it cannot be written, the end of the process tells.
  child.stdin.on('error', () => {});
  const closed = new Promise<number | null>((resolve, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) => reject(clientNotRun('ssh', error)));
    child.once('close', (code) => {
      stdout.end();
      printed.end();
      resolve(code);
    });
  });
  // It is thrown where somebody waits.
  closed.catch(() => {});

  async function told(): Promise<string | undefined> {
    for (;;) {
      const next = messages.shift();
      if (next !== undefined) return next;
      if (ended) break;
      const spoken = new Promise<'spoken'>((resolve) => {
        wake = () => resolve('spoken');
      });
      const code = await Promise.race([spoken, closed]);
      if (code === 'spoken' || ended || messages.length > 0) continue;
      // The shell of the user has ended well, and has not run the script: one of its startup files keeps it from that.
      if (code === 0) throw new RecodeError('RemoteShellFails', 'The shell of the instance ends before it runs a command.');
      const reason = lastLine(stderr) || 'ssh ended.';
      throw new RecodeError('InstanceConnectionLost', `The SSH connection to the instance ended early: ${reason.replace(/\.?$/, '.')}`);
    }
    child.stdin.end();
    const late = await Promise.race([closed, sleep(mostMillisecondsToClose, 'late')]);
    if (late === 'late') {
      child.kill();
      await closed;
    }
    return undefined;
  }

  return {
    told,
    answer(line) {
      child.stdin.write(`${line}\n`);
    },
  };
}

/** What a script has said by its end. */
export interface Said {
  /** What it has told, in order. */
  readonly told: readonly string[];
  /** Whether it, or one of its programs, has printed a line that matches. */
  printed(pattern: RegExp): boolean;
  /** The last that was printed, as a sentence: why it has failed. */
  readonly reason: string;
}

/** Runs a script to its end. Throws as `Remote.told` does. */
export async function runToEnd(host: RemoteHost, script: string): Promise<Said> {
  const lines: string[] = [];
  const remote = runRemote(host, script, { line: (text) => lines.push(text) });
  const all: string[] = [];
  for (let told = await remote.told(); told !== undefined; told = await remote.told()) all.push(told);
  const last = lines.findLast((line) => line.trim() !== '')?.trim() ?? 'It says nothing.';
  return { told: all, printed: (pattern) => lines.some((line) => pattern.test(line)), reason: last.replace(/\.?$/, '.') };
}
