import { CommanderError } from 'commander';
import { exitCodes, type RecodeError } from '../core/errors.ts';
import { describeFailure, exitCodeOf, type GivenCommand, showFailure } from './failure.ts';
import { type Output, streamTo } from './output.ts';
import { builtPackage } from './package-root.ts';
import { createProgram, givenCommand, readable } from './program.ts';
import { unreachable } from './unreachable.ts';
import { watchWritten } from './written.ts';

const argv = process.argv.slice(2);
const output: Output & { json: boolean; filtered?: boolean } = {
  json: false,
  stdout: streamTo(process.stdout),
  stderr: streamTo(process.stderr),
};
const written = watchWritten(process.stdout);
const told = watchWritten(process.stderr);
/** Shows the error that stdout was given as JSON in words. */
let retell = () => {};
void main();

async function main(): Promise<void> {
  const code = await run();
  const unwritten = await written.flush();
  if (unwritten) {
    retell();
    tell(unwritten);
  }
  // Where the progress or an error could not be shown, the exit code still says how the command has ended.
  await told.flush();
  // An interrupted command still has calls in progress.
  process.exit(code === 0 && unwritten ? exitCodes.failed : code);
}

async function run(): Promise<number> {
  const program = await createProgram(output, builtPackage().version, argv);
  try {
    await program.parseAsync(readable(program, argv), { from: 'user' });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    // Help and the version are thrown too, once they are printed.
    if (error instanceof CommanderError && /^commander\.(help|helpDisplayed|version)$/.test(error.code)) return 0;
    const given = givenCommand(program, argv);
    const cause = await localCauseOf(error, given);
    const failure = describeFailure(cause, given);
    showFailure(output, failure, cause, process.env);
    if (output.json && !output.filtered) retell = () => showFailure({ ...output, json: false }, failure, cause, process.env);
    return exitCodeOf(failure);
  }
}

/** The embedded AWS is on this machine: where it cannot be reached, it is not running any more, for a reason of its own. */
async function localCauseOf(error: unknown, { account }: GivenCommand): Promise<unknown> {
  if (!account?.local || !unreachable(error)) return error;
  try {
    const { embeddedAwsEnd } = await import('./embedded-aws.ts');
    return await embeddedAwsEnd(error);
  } catch (failure) {
    return failure;
  }
}

/** Shows an error in words, whatever was asked for. */
function tell(error: RecodeError): void {
  showFailure({ ...output, json: false }, describeFailure(error, { argv, usage: 'recode' }), error, process.env);
}
