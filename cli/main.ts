import { CommanderError } from 'commander';
import { describeFailure, exitCodeOf, showFailure } from './failure.ts';
import { type Output, streamTo } from './output.ts';
import { builtPackage } from './package-root.ts';
import { createProgram, givenCommand } from './program.ts';

const argv = process.argv.slice(2);
const output: Output & { json: boolean } = { json: false, stdout: streamTo(process.stdout), stderr: streamTo(process.stderr) };
// As a process that SIGPIPE ended: whoever read has seen enough (`recode … | head -1`).
const brokenPipe = 128 + 13;

for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(brokenPipe);
  });
}
// An interrupted command has calls under way that nobody waits for any more.
process.exit(await run());

async function run(): Promise<number> {
  const program = createProgram(output, builtPackage().version);
  try {
    await program.parseAsync(argv, { from: 'user' });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    // Help and the version are thrown too, once they are printed.
    if (error instanceof CommanderError && /^commander\.(help|helpDisplayed|version)$/.test(error.code)) return 0;
    const failure = describeFailure(error, givenCommand(program, argv));
    showFailure(output, failure, error, process.env);
    return exitCodeOf(failure);
  }
}
