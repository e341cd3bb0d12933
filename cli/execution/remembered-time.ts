import { existsSync, readFileSync } from 'node:fs';
import * as v from 'valibot';
import type { CliTime } from '../../core/timeline.ts';
import type { EnvironmentFolder } from '../files/environment-folder.ts';
import { keysNotReadable } from '../files/file-trouble.ts';
import { replaceFile } from '../files/replace-file.ts';

const Milliseconds = v.pipe(v.number(), v.integer(), v.minValue(0));
const Remembered = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({
    executionArn: v.string(),
    beforeMilliseconds: Milliseconds,
    followedMilliseconds: v.optional(Milliseconds),
    afterMilliseconds: v.optional(Milliseconds),
  }),
);

/**
 * Remembers on this machine how long a command was busy with its execution, the last one of an environment. Where the environment has no
 * files here, nothing is remembered.
 *
 * @throws RecodeError KeysNotWritable
 */
export function rememberTime({ folder, cliTime }: EnvironmentFolder, executionArn: string, time: CliTime): void {
  if (existsSync(folder)) replaceFile(cliTime, `${JSON.stringify({ executionArn, ...time })}\n`);
}

/** How long the command was busy that started this execution; undefined where that is not remembered. Throws RecodeError KeysNotReadable. */
export function rememberedTime({ cliTime }: EnvironmentFolder, executionArn: string): CliTime | undefined {
  try {
    const { executionArn: of, ...time } = v.parse(Remembered, readFileSync(cliTime, 'utf8'));
    return of === executionArn ? time : undefined;
  } catch (error) {
    // A file that is damaged, or of another version, tells nothing.
    if (error instanceof v.ValiError || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw keysNotReadable(cliTime, error);
  }
}
