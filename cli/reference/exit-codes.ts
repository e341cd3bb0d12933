import { exitCodes, type Outcome } from '../../core/errors.ts';

const meanings: Readonly<Record<Outcome, string>> = {
  failed:
    'It failed, or you answered no. `recode local status` also exits with 1 if the embedded AWS is not running, `recode config get` if the setting is not set.',
  usage: 'Wrong usage: the command, one of its values, or a setting of your machine is invalid.',
  refused: 'Refused: what you ask for is not possible, or not now.',
  hungUp: 'The terminal was closed (SIGHUP).',
  interrupted: 'Interrupted with Ctrl-C.',
  terminated: 'Terminated with SIGTERM.',
};

/** All exit codes with what they mean, in Markdown, for the help, the man pages and the documentation. */
export const exitCodeMeanings: readonly (readonly [code: number, meaning: string])[] = [
  [0, 'The command did what you asked.'],
  ...Object.entries(exitCodes)
    .map(([outcome, code]) => [code, meanings[outcome as Outcome]] as const)
    .sort(([one], [other]) => one - other),
];
