import { RecodeError } from '../../core/errors.ts';
import { allEnded } from '../all-ended.ts';
import { meaningOf, unless } from '../errors.ts';

/** Resources that were found before. */
interface Known<Resource> {
  readonly resources: readonly Resource[];
  idOf(resource: Resource): string | undefined;
}

/**
 * Deletes everything that is found, twins included; what is gone already counts as deleted. What is known is deleted at once, beside the look
 * for more. EC2 answers "not found" also of what it does not show everywhere yet, so after that answer it is gone only when looking again
 * finds nothing. The same holds where it answers "unauthorized" of what is known: an earlier attempt may have deleted it, and what is gone has no
 * tag to permit the call.
 *
 * @throws RecodeError NotVisibleYet, to come back, while EC2 denies and shows a resource at once
 */
export async function deleteAll<Resource>(
  find: () => Promise<readonly Resource[]>,
  remove: (resource: Resource) => Promise<unknown>,
  { resources: known, idOf }: Known<Resource> = { resources: [], idOf: () => undefined },
): Promise<void> {
  /** Deletes it. Resolves to whether EC2 denies that it exists. */
  const isDenied = async (resource: Resource) => {
    const deleted = await unless(
      'not-found',
      remove(resource).then(() => 'deleted'),
    );
    return deleted === undefined;
  };
  const unauthorized = new Map<string | undefined, unknown>();
  const isKnownDenied = (resource: Resource) =>
    isDenied(resource).catch((error: unknown) => {
      if (meaningOf(error) !== 'unauthorized') throw error;
      unauthorized.set(idOf(resource), error);
      return true;
    });
  const [found, ...denials] = await allEnded([find(), ...known.map(isKnownDenied)]);
  const ids = new Set(known.map(idOf));
  for (const resource of found) if (!ids.has(idOf(resource))) denials.push(await isDenied(resource));
  if (!denials.includes(true)) return;
  const left = await find();
  for (const resource of left) if (unauthorized.has(idOf(resource))) throw unauthorized.get(idOf(resource));
  if (left.length > 0) throw new RecodeError('NotVisibleYet', 'EC2 says that a resource does not exist, but still shows it.');
}
