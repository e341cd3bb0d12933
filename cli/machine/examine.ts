import type { AccountOptions } from '../account.ts';
import type { FollowView } from '../execution/follow-view.ts';
import { checkAws, type Ready } from './aws.ts';
import { type Check, checkNames, skipped } from './check.ts';
import { explainFor } from './explain.ts';
import { mayAskPerson, openAnyAccount, type SeenIdentity, seeIdentity } from './identity.ts';
import { personalOfFolder, personalOfMachine } from './personal.ts';
import { checkPrograms } from './programs.ts';
import type { Personal } from './redact.ts';

/** What the checks of this machine have found. */
export interface Examined {
  readonly checks: readonly Check[];
  /** Where the records can be compared with AWS. */
  readonly ready: Ready | undefined;
  /** What a report for others has to leave out. */
  readonly personal: readonly Personal[];
}

const embedded: SeenIdentity = { region: undefined, provider: undefined, profile: undefined };

/**
 * Checks what commands need of this machine: its programs and files, its way to AWS, and the connections to environments. All checks run at
 * once, and none of them keeps the others from their end.
 */
export async function examineMachine(options: AccountOptions, view: FollowView): Promise<Examined> {
  const explain = explainFor(options);
  const identity = options.local ? embedded : await seeIdentity(options, explain);
  const opening = openAnyAccount(options, view, explain);
  // The embedded AWS may have to start, and a person to type a code. No check waits for that long.
  if (options.local || mayAskPerson(identity.provider)) await opening;
  const [programs, aws] = await view.during('Checking this machine', () =>
    Promise.all([checkPrograms(explain), checkAws(options, { identity, opening }, explain)]),
  );
  const inOrder = [...programs.checks, ...aws.checks].toSorted(
    (one, other) => checkNames.indexOf(one.check) - checkNames.indexOf(other.check),
  );
  return {
    checks: inOrder.map(withoutRepetition),
    ready: aws.ready,
    personal: [...personalOfMachine(process.env), ...programs.folders.flatMap(personalOfFolder), ...aws.personal],
  };
}

/** What an earlier check tells, such as a setting that nobody can use, keeps later ones from their work. They do not tell it again. */
function withoutRepetition(check: Check, index: number, checks: readonly Check[]): Check {
  const told = checks.slice(0, index).find((earlier) => isTold(earlier, check));
  return told ? skipped(check.check, `See "${told.check}".`) : check;
}

const isTold = (earlier: Check, later: Check): boolean =>
  earlier.verdict === 'problem' && later.verdict === 'problem' && earlier.check !== later.check && later.seen.startsWith(earlier.seen);
