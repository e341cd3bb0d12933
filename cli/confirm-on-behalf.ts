import type { EnvironmentOperationKind } from '../core/operations.ts';
import { confirm } from './confirm.ts';
import type { OpenedEnvironment } from './environment.ts';
import { line, type Output } from './output.ts';

/**
 * Asks before an operation on a teammate's environment; the caller's own needs no question. False where the answer was no, which is said.
 *
 * @throws RecodeError ConfirmationRequired where there is nobody to ask
 */
export async function confirmOnBehalf(
  { own, subject: { owner, repository } }: OpenedEnvironment,
  kind: EnvironmentOperationKind,
  { force }: { readonly force: boolean },
  output: Output,
): Promise<boolean> {
  const verb = `${kind.charAt(0).toUpperCase()}${kind.slice(1)}`;
  return own || force || confirm(line`${repository} belongs to ${owner}. ${verb} it?`, output);
}
