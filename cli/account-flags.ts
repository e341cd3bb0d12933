import type { AccountOptions } from './account.ts';
import { shellQuote } from './shell-quote.ts';

/** A command for a person to type: its words, and the options of the account that it is about. */
export function printedCommand(words: readonly string[], account: Partial<AccountOptions>): string {
  return [...words, ...accountFlags(account)].map(shellQuote).join(' ');
}

/** The options that lead to the same account again. */
export function accountFlags({ local, profile, region }: Partial<AccountOptions>): string[] {
  return [
    ...(local ? ['--local'] : []),
    ...(profile === undefined ? [] : ['--profile', profile]),
    ...(region === undefined ? [] : ['--region', region]),
  ];
}
