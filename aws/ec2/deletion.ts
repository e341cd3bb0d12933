import { RecodeError } from '../../core/errors.ts';
import { unless } from '../errors.ts';

/**
 * Deletes everything that is found, twins included; what is gone already counts as deleted. EC2 answers "not found" also of what it
 * does not show everywhere yet, so after that answer it is gone only when looking again finds nothing.
 *
 * @throws RecodeError NotVisibleYet, to come back, while EC2 denies and shows a resource at once
 */
export async function deleteAll<Resource>(
  find: () => Promise<readonly Resource[]>,
  remove: (resource: Resource) => Promise<unknown>,
): Promise<void> {
  let denied = false;
  for (const resource of await find())
    denied =
      (await unless(
        'not-found',
        remove(resource).then(() => 'deleted'),
      )) === undefined || denied;
  if (!denied) return;
  const [left] = await find();
  if (left) throw new RecodeError('NotVisibleYet', 'EC2 says that a resource does not exist, but still shows it.');
}
