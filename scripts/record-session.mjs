// Records a real session on the embedded AWS in a pseudo-terminal, and draws it as docs/session.svg, which README shows.
// Usage: npm run record
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join, normalize } from 'node:path';
import { spawn } from '@lydell/node-pty';
import xterm from '@xterm/headless';
import { drawSession } from './session-svg.mjs';

/** @typedef {import('./session-svg.mjs').Frame} Frame */

const cols = 84;
const rows = 30;
const commands = [
  'recode aws start acme/api --local',
  'recode aws ssh acme/api --local -- git log --oneline',
  'recode aws list --local',
  'recode aws stop acme/api --local',
];
// A person reads a picture faster than AWS works.
const longestPause = 350;
const typing = 35;
const reading = 1_400;

const root = join(import.meta.dirname, '..');
const directory = realpathSync(mkdtempSync(join(tmpdir(), 'recode-session-')));
const program = join(root, 'bin/recode.js');
const server = await serve(makeRepository(join(directory, 'served')));
const variables = {
  PATH: process.env.PATH ?? '',
  LANG: 'C.UTF-8',
  TERM: 'xterm-256color',
  HOME: join(directory, 'home'),
  RECODE_LOCAL_DIR: join(directory, 'local'),
  RECODE_SSH_CONFIG: join(directory, 'home/.ssh/config'),
  GITHUB_SERVER_URL: server.url,
  GITHUB_API_URL: server.url,
};
mkdirSync(variables.HOME);
for (const prepare of ['config set editor none', 'aws config-ssh', 'local up']) {
  execFileSync(process.execPath, [program, ...prepare.split(' ')], { env: variables });
}
try {
  const frames = await record();
  writeFileSync(join(root, 'docs/session.svg'), drawSession(frames, { cols, rows }));
} finally {
  execFileSync(process.execPath, [program, 'local', 'down'], { env: variables });
  server.stop();
  rmSync(directory, { recursive: true });
}

/**
 * Makes a repository with a hook, in the form that git also clones from a plain web server. Returns the folder to serve.
 *
 * @param {string} folder
 */
function makeRepository(folder) {
  const work = join(folder, 'work');
  mkdirSync(join(work, '.recode/hooks'), { recursive: true });
  writeFileSync(join(work, 'README.md'), '# api\n');
  writeFileSync(join(work, '.recode/hooks/init.sh'), 'echo "Installing dependencies"\n');
  const git = (/** @type {string} */ cwd, /** @type {string[]} */ ...args) => {
    const identity = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', '-c', 'init.defaultBranch=main'];
    execFileSync('git', [...identity, ...args], { cwd, stdio: 'ignore' });
  };
  git(work, 'init');
  git(work, 'add', '.');
  git(work, 'commit', '-m', 'Add the API');
  git(folder, 'clone', '--bare', 'work', 'acme/api.git');
  git(join(folder, 'acme/api.git'), 'update-server-info');
  return folder;
}

/**
 * A stand-in for GitHub: its API knows every repository, and its files are those of a folder.
 *
 * @param {string} folder
 */
async function serve(folder) {
  const web = createServer(({ url = '' }, response) => {
    const { pathname } = new URL(url, 'http://localhost');
    if (pathname.startsWith('/repos/')) return response.setHeader('content-type', 'application/json').end('{}');
    try {
      response.end(readFileSync(join(folder, normalize(pathname))));
    } catch {
      response.writeHead(404).end();
    }
  });
  await /** @type {Promise<void>} */ (new Promise((resolve) => web.listen(0, '127.0.0.1', resolve)));
  const { port } = /** @type {import('node:net').AddressInfo} */ (web.address());
  return { url: `http://127.0.0.1:${port}`, stop: () => web.close() };
}

/** Runs the commands one after another. Returns what the terminal shows, each with the time since the beginning in milliseconds. */
async function record() {
  const terminal = new xterm.Terminal({ cols, rows, allowProposedApi: true });
  /** @type {Frame[]} */
  const frames = [];
  let time = 0;
  const show = async (/** @type {string} */ data, /** @type {number} */ pause) => {
    await /** @type {Promise<void>} */ (new Promise((resolve) => terminal.write(data, resolve)));
    time += pause;
    frames.push({ time, lines: linesOf(terminal) });
  };
  for (const command of commands) {
    await show('\x1b[32m$\x1b[0m ', typing);
    for (const letter of command) await show(letter, typing);
    await show('\r\n', typing);
    for (const { data, pause } of await output(command)) await show(data, pause);
    await show('', reading);
  }
  await show('', 2 * reading);
  return frames;
}

/**
 * What a command prints, with the pause before each piece.
 *
 * @param {string} command
 * @returns {Promise<{ data: string, pause: number }[]>}
 */
function output(command) {
  const [, ...args] = command.split(' ');
  const child = spawn(process.execPath, [program, ...args], { cols, rows, cwd: variables.HOME, env: variables });
  /** @type {{ data: string, pause: number }[]} */
  const pieces = [];
  let last = Date.now();
  child.onData((data) => {
    const pause = Math.min(Date.now() - last, longestPause);
    last = Date.now();
    // Where it keeps its files is of no interest.
    pieces.push({ data: data.replaceAll(directory, ''), pause });
  });
  return new Promise((resolve, reject) => {
    child.onExit(({ exitCode }) => {
      if (exitCode === 0) resolve(pieces);
      else reject(new Error(`${command} exits with ${exitCode}: ${pieces.map(({ data }) => data).join('')}`));
    });
  });
}

/**
 * The lines on the screen, each as its parts of one look.
 *
 * @param {import('@xterm/headless').Terminal} terminal
 * @returns {Frame['lines']}
 */
function linesOf(terminal) {
  const { active } = terminal.buffer;
  return Array.from({ length: rows }, (_, row) => {
    const line = active.getLine(active.viewportY + row);
    /** @type {import('./session-svg.mjs').Part[]} */
    const parts = [];
    for (let column = 0; column < cols; column += 1) {
      const cell = line?.getCell(column);
      const text = cell?.getChars() || ' ';
      const look = { color: cell?.isFgDefault() ? undefined : cell?.getFgColor(), bold: !!cell?.isBold(), dim: !!cell?.isDim() };
      const part = parts.at(-1);
      if (part && part.color === look.color && part.bold === look.bold && part.dim === look.dim) part.text += text;
      else parts.push({ ...look, column, text });
    }
    return parts.map((part) => ({ ...part, text: part.text.trimEnd() })).filter(({ text }) => text !== '');
  });
}
