import { type Command, type CommanderError, InvalidArgumentError } from 'commander';
import { RecodeError } from '../core/errors.ts';
import { commandName } from './help.ts';
import { unknownOption } from './unknown.ts';

/**
 * What commander refuses, in our words. Help and the version end a command as errors too, and stay as they are.
 *
 * @param command the command that was given
 */
export function usageError(command: Command, error: CommanderError): RecodeError | CommanderError {
  const name = commandName(command);
  const [option = '', other = ''] = optionsIn(error.message);
  switch (error.code) {
    case 'commander.unknownOption':
      return unknownOption(command, /'(.*)'$/s.exec(error.message)?.[1] ?? '');
    case 'commander.optionMissingArgument':
    // Only needValues() refuses a value here. All others are parsed by the command.
    case 'commander.invalidArgument':
      return refusal(`${option} needs a value.`);
    case 'commander.conflictingOption':
      return refusal(`${option} cannot be used with ${other}.`);
    case 'commander.missingArgument':
      return refusal(`${name} needs ${countedArguments(command)}.`);
    case 'commander.excessArguments':
      return refusal(`${name} takes ${countedArguments(command)}.`);
    default:
      return error;
  }
}

/** Refuses an empty value, and an option where the value of another one belongs: "--profile --local" would name a profile. */
export function needValues(command: Command): void {
  for (const option of command.options) {
    if (!option.required) continue;
    const { parseArg } = option;
    option.argParser((value: string, previous: unknown) => {
      if (value === '' || value.startsWith('--')) throw new InvalidArgumentError('');
      return parseArg ? parseArg(value, previous) : value;
    });
  }
}

const refusal = (message: string) => new RecodeError('UsageNotValid', message);

function countedArguments({ registeredArguments }: Command): string {
  if (registeredArguments.length === 0) return 'no arguments';
  const count = registeredArguments.length === 1 ? 'one argument' : 'two arguments';
  const least = registeredArguments.at(-1)?.variadic ? 'at least ' : '';
  return `${least}${count}: ${registeredArguments.map((argument) => `<${argument.name()}>`).join(' ')}`;
}

/** The options that commander names in an error: `--region` of "option '-r, --region <region>'". */
const optionsIn = (message: string) => [...message.matchAll(/option '(?:-\w, )?(--[\w-]+)/g)].map(([, name = '']) => name);
