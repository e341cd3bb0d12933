import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawn } from '@lydell/node-pty';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { bundle } from '../../harness/bundle.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'recode-interruption-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

it('leaves the last word to the command when Ctrl-C comes while the spinner turns', async () => {
  const program = await bundle(
    directory,
    'interrupted',
    `import { followView } from './cli/execution/follow-view.ts';
           import { terminalPainter } from './cli/execution/follow-view/terminal.ts';
           import { interruption } from './cli/execution/interruption.ts';
           import { streamTo } from './cli/output.ts';
           const interrupted = interruption(() => new Error('it goes on'));
           const view = followView(terminalPainter(streamTo(process.stdout)));
           const work = view.during('Working', () => new Promise(() => {}));
           await Promise.race([work, interrupted]).catch((error) => {
             view.end();
             console.log('Interrupted: ' + error.message);
             process.exit(130);
           });`,
  );
  const terminal = spawn(process.execPath, [program], { cols: 80, rows: 24 });
  let shown = '';
  let asked = false;
  terminal.onData((text) => {
    shown += text;
    if (asked || !shown.includes('Working')) return;
    asked = true;
    terminal.write('\x03');
  });
  const { exitCode, signal } = await new Promise<{ exitCode: number; signal?: number }>((resolve) => terminal.onExit(resolve));
  expect({ exitCode, signal: signal ?? 0 }).toEqual({ exitCode: 130, signal: 0 });
  expect(shown).toContain('Interrupted: it goes on');
  expect(shown.lastIndexOf('\x1b[?25h')).toBeGreaterThan(shown.lastIndexOf('\x1b[?25l'));
});
