import * as v from 'valibot';
import { environmentExists, type GivenRequest, statusOf } from '../../../../core/environment.ts';
import { EnvironmentName } from '../../../../core/environment-name.ts';
import { RecodeError } from '../../../../core/errors.ts';
import { findRecord, type OpenedEnvironment } from '../../../environment.ts';
import { readKept } from '../../../kept.ts';

interface KeptOptions {
  readonly request: Omit<GivenRequest, 'publicKey'>;
  /** The name that it had. Missing if its tags have none that an environment can have. */
  readonly name?: string;
}

/**
 * What a restore starts with where nothing else is asked for: what the environment had.
 *
 * @throws RecodeError EnvironmentExists, KeptDiskNotFound
 */
export async function keptOptions(environment: OpenedEnvironment): Promise<KeptOptions> {
  const { account, subject } = environment;
  const [record, kept] = await Promise.all([findRecord(environment), readKept(account, subject)]);
  const status = record && statusOf(record);
  if (record && status !== 'creating' && status !== 'gone') throw environmentExists(record);
  const [newest] = kept.filter(({ completed }) => completed);
  if (!newest)
    throw new RecodeError('KeptDiskNotFound', `No disk of ${subject.repository} of ${subject.owner} is kept in ${account.region}.`);
  const { name, instanceType, volumeSize, volumeType } = newest;
  return {
    request: { instanceType, volumeSize, volumeType: volumeType === 'gp3' ? 'gp3' : 'gp2', restore: true },
    ...(v.is(EnvironmentName, name) && { name }),
  };
}
