import { environmentVariables } from './environment-variables.ts';
import { exitCodeMeanings } from './exit-codes.ts';
import { plain } from './plain.ts';
import type { TopicName } from './topic-names.ts';

/** Paragraphs and lists of a topic: what is named, if anything is, and what there is to say. */
export type TopicPart = readonly [name: string, text: string];

/** What `recode help environment` and the like show. */
export const topics: Readonly<Record<TopicName, readonly TopicPart[]>> = {
  environment: [
    ['', 'An option on the command line overrides its variable. The variables for AWS work as in the AWS CLI.'],
    ...environmentVariables.map(({ names, meaning }) => [names.join(', '), plain(meaning)] as const),
  ],
  'exit-codes': [
    ...exitCodeMeanings.map(([code, meaning]) => [String(code), plain(meaning)] as const),
    ['', 'recode aws ssh exits with the exit code of the remote command, or with 255 if ssh fails.'],
    ['', 'After 129, 130 and 143, an execution that has started continues in AWS. Run the command again to follow it.'],
  ],
  formatting: [
    ['', 'With --json, a command prints its result as one JSON value to standard output, and its progress to standard error.'],
    [
      '',
      'If it fails, the value is { "error": { "name", "title", "message", "nextStep" } }. The name of an error does not change between versions; its texts can. "recode aws explain" lists all names.',
    ],
    ['', 'Where the help of a command lists JSON fields, --json takes the names of fields, and --jq filters the JSON:'],
    [
      '',
      '  recode aws list --json repository,status\n  recode aws list --json repository,status --jq \'.[] | select(.status == "started") | .repository\'',
    ],
    ['', 'Times are ISO 8601 in UTC. A field is null if its value is unknown or does not exist.'],
  ],
};
