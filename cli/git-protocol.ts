import { oneOf } from './one-of.ts';

/** How repositories are cloned. */
export const gitProtocols = ['https', 'ssh'] as const;
export type GitProtocol = (typeof gitProtocols)[number];

/**
 * Reads the name of a protocol.
 *
 * @param source what it was given for, such as `--git-protocol`
 * @throws RecodeError UsageNotValid
 */
export const parseGitProtocol = (text: string, source: string): GitProtocol => oneOf(gitProtocols, text, source);
