import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { line, type Output, warn } from '../output.ts';

/** Opens pages in the person's browser, or prints their addresses where there is none. */
export async function openPages(urls: readonly string[], output: Output, variables: NodeJS.ProcessEnv): Promise<void> {
  for (const url of urls) {
    const command = browserCommand(url, variables, process.platform);
    if (!command || !(await opened(command, url, output))) output.stdout.write(`${url}\n`);
  }
}

/**
 * What opens a page: BROWSER, or the program of the system for it. Undefined where nothing can show one, as in a session without a screen.
 * No shell reads the address.
 */
export function browserCommand(
  url: string,
  variables: NodeJS.ProcessEnv,
  platform: NodeJS.Platform,
): readonly [program: string, ...args: string[]] | undefined {
  const [program, ...args] = (variables.BROWSER ?? '').split(/\s+/).filter((word) => word !== '');
  if (program !== undefined) {
    return args.includes('%s') ? [program, ...args.map((word) => (word === '%s' ? url : word))] : [program, ...args, url];
  }
  if (platform === 'darwin') return ['open', url];
  // Also from WSL, which runs programs of Windows.
  if (platform === 'win32' || variables.WSL_DISTRO_NAME) return ['rundll32.exe', 'url.dll,FileProtocolHandler', url];
  return variables.DISPLAY || variables.WAYLAND_DISPLAY ? ['xdg-open', url] : undefined;
}

/** Runs it to its end, as a browser in the terminal needs it. False if it could not open the page. */
async function opened([program, ...args]: readonly [string, ...string[]], url: string, output: Output): Promise<boolean> {
  output.stderr.write(`${line`Opening ${url} in your browser.`}\n`);
  try {
    const child = spawn(program, args, { stdio: ['inherit', 2, 2] });
    const [code] = (await once(child, 'close')) as [number | null];
    if (code === 0) return true;
    warn(output, line`${program} could not open it${code === null ? '' : ` (exit code ${code})`}.`);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    warn(output, code === 'ENOENT' ? line`There is no program ${program}.` : line`${program} could not be run: ${message}`);
  }
  return false;
}
