import { EC2ServiceException } from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { deleteAll } from '../../../aws/ec2/deletion.ts';

const refusal = (name: string) =>
  new EC2ServiceException({ name, message: 'said AWS', $fault: 'client', $metadata: { httpStatusCode: 400 } });
const denied = refusal('InvalidVpcID.NotFound');

/** Resources of EC2's that are shown until they are deleted; some are answered for in another way, and may be shown all the same. */
function resources(shown: string[], answers: Record<string, Error> = {}, hidden: string[] = []) {
  const asked: string[] = [];
  let left = shown;
  return {
    asked,
    find: async () => {
      asked.push('find');
      return left;
    },
    remove: async (id: string) => {
      asked.push(id);
      left = left.filter((other) => other !== id || (answers[id] !== undefined && !hidden.includes(id)));
      if (answers[id]) throw answers[id];
    },
  };
}
const run = ({ find, remove }: ReturnType<typeof resources>) => deleteAll(find, remove);

describe('deleteAll', () => {
  it('deletes nothing where there is nothing', async () => {
    const none = resources([]);
    await run(none);
    expect(none.asked).toEqual(['find']);
  });

  it('deletes all that is found, twins included, looking once', async () => {
    const twins = resources(['vpc-1', 'vpc-2', 'vpc-3']);
    await run(twins);
    expect(twins.asked).toEqual(['find', 'vpc-1', 'vpc-2', 'vpc-3']);
    expect(await twins.find()).toEqual([]);
  });

  it('takes what EC2 denies for deleted once it shows nothing any more', async () => {
    const gone = resources(['vpc-1'], { 'vpc-1': denied }, ['vpc-1']);
    await run(gone);
    expect(gone.asked).toEqual(['find', 'vpc-1', 'find']);
  });

  it('comes back for what EC2 denies and shows all the same', async () => {
    const lagging = resources(['vpc-1'], { 'vpc-1': denied });
    await expect(run(lagging)).rejects.toMatchObject({
      name: 'NotVisibleYet',
      message: 'EC2 says that a resource does not exist, but still shows it.',
    });
    expect(lagging.asked).toEqual(['find', 'vpc-1', 'find']);
  });

  it.each([['vpc-1'], ['vpc-2'], ['vpc-3']])('deletes the others where %s is denied, and then comes back', async (id) => {
    const several = resources(['vpc-1', 'vpc-2', 'vpc-3'], { [id]: denied });
    await expect(run(several)).rejects.toMatchObject({ name: 'NotVisibleYet' });
    expect(several.asked).toEqual(['find', 'vpc-1', 'vpc-2', 'vpc-3', 'find']);
    expect(await several.find()).toEqual([id]);
  });

  it('lets any other refusal escape at once, whatever was denied before', async () => {
    const inUse = refusal('DependencyViolation');
    const several = resources(['vpc-1', 'vpc-2', 'vpc-3'], { 'vpc-1': denied, 'vpc-2': inUse });
    await expect(run(several)).rejects.toBe(inUse);
    expect(several.asked).toEqual(['find', 'vpc-1', 'vpc-2']);
  });

  it('lets a refusal to look escape', async () => {
    const throttled = refusal('RequestLimitExceeded');
    await expect(
      deleteAll(
        () => Promise.reject(throttled),
        () => Promise.resolve(),
      ),
    ).rejects.toBe(throttled);
  });

  it('takes a deletion that answers nothing for a deletion', async () => {
    const found = ['vpc-1'];
    let looked = 0;
    const find = async () => {
      looked += 1;
      return found;
    };
    await deleteAll(find, async () => undefined);
    expect(looked).toBe(1);
  });
});
