import { RecodeError } from '../../../core/errors.ts';
import { type EnvironmentTarget, type OpenedEnvironment, openEnvironment } from '../../environment.ts';
import type { Session } from '../../execution/session.ts';

/** Opens the caller's own environment. Throws RecodeError NotYourEnvironment, and those of cli/environment.ts. */
export async function openOwn(target: EnvironmentTarget, { view }: Session): Promise<OpenedEnvironment> {
  const environment = await openEnvironment(target, view);
  const { owner, repository } = environment.subject;
  if (!environment.own) throw new RecodeError('NotYourEnvironment', `The environment of ${repository} belongs to ${owner}.`);
  return environment;
}
