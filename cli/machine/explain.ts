import type { AccountOptions } from '../account.ts';
import { accountFlags } from '../account-flags.ts';
import { describeFailure, type Failure } from '../failure.ts';

/** An environment that an error is about. */
export interface About {
  readonly owner: string;
  readonly repository: string;
  /** The options that lead to its account. */
  readonly account: Partial<AccountOptions>;
}

/** Makes an error what a person reads of it. Its next steps name the command to run again, and the environment that it is about. */
export type Explain = (error: unknown, about?: About) => Failure;

/** The explanations of `recode aws doctor`. */
export function explainFor(options: AccountOptions): Explain {
  const argv = ['aws', 'doctor', ...accountFlags(options)];
  return (error, about) => describeFailure(error, { argv, usage: 'recode aws doctor', account: options, ...about });
}
