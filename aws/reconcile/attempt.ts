import type { Logger } from '@aws-lambda-powertools/logger';
import type { Check } from '../../core/document.ts';
import { catalog, type Reaction } from '../../core/errors.ts';
import { type Finding, isWithin } from '../../core/finding.ts';
import { translateInStep } from '../errors.ts';

/** What a retry of the whole page may help against. */
const retried: readonly Reaction[] = ['busy', 'crowded', 'lost', 'visibility'];

interface Attempting {
  readonly check: Check;
  readonly logger: Logger;
  /** The function, whose log has what a message leaves out. */
  readonly step: string;
}

/** Whether who has asked for a check may have a resource changed: an administrator any, everybody else what belongs to their environments. */
export function mayChange({ by }: Check, { owner }: Pick<Finding, 'owner'>): boolean {
  return by !== null && (by.administrator || (owner !== undefined && by.owner === owner));
}

export const notAllowed = 'Only administrators may fix what does not belong to their own environments.';

/**
 * Fixes a finding, if the check may. One that cannot be fixed does not keep the others from it: the finding says why. What AWS may answer
 * otherwise at a retry is thrown.
 *
 * @returns the finding with what came of it
 */
export async function attempt(finding: Finding, { check, logger, step }: Attempting, fix: () => Promise<unknown>): Promise<Finding> {
  if (!finding.fix || !isWithin(check.extent, finding.fix)) return finding;
  if (!isWithin('records', finding.fix) && !mayChange(check, finding)) return { ...finding, outcome: 'refused', reason: notAllowed };
  try {
    await fix();
    return { ...finding, outcome: 'fixed' };
  } catch (cause) {
    return { ...finding, outcome: 'failed', reason: reasonOf(cause, { logger, step }) };
  }
}

/** Why something that was tried did not work. Throws what a retry may help against. */
export function reasonOf(cause: unknown, { logger, step }: Pick<Attempting, 'logger' | 'step'>): string {
  const error = translateInStep(cause, step);
  if (retried.includes(catalog[error.name].reaction)) throw cause;
  logger.warn('A difference cannot be fixed', { errorName: error.name, errorMessage: error.message, cause: error.cause as Error });
  return error.message;
}
