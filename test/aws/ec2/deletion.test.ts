import { EC2ServiceException } from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { deleteAll } from '../../../aws/ec2/deletion.ts';

const refusal = (name: string) =>
  new EC2ServiceException({ name, message: 'said AWS', $fault: 'client', $metadata: { httpStatusCode: 400 } });
const denied = refusal('InvalidVpcID.NotFound');
const unauthorized = refusal('UnauthorizedOperation');

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

describe('deleteAll of what was found before', () => {
  const runKnowing = ({ find, remove }: ReturnType<typeof resources>, known: string[]) =>
    deleteAll(find, remove, { resources: known, idOf: (id) => id });

  it('deletes it beside the look, and not again because it is still shown', async () => {
    const one = resources(['vpc-1']);
    await runKnowing(one, ['vpc-1']);
    expect(one.asked).toEqual(['find', 'vpc-1']);
  });

  it('deletes twins that the look shows, too', async () => {
    const twins = resources(['vpc-1', 'vpc-2', 'vpc-3']);
    await runKnowing(twins, ['vpc-2']);
    expect(twins.asked).toEqual(['find', 'vpc-2', 'vpc-1', 'vpc-3']);
    expect(await twins.find()).toEqual([]);
  });

  it('deletes it although the look does not show it', async () => {
    const hidden = resources([]);
    await runKnowing(hidden, ['vpc-1']);
    expect(hidden.asked).toEqual(['find', 'vpc-1']);
  });

  it('takes what EC2 denies for deleted once it shows nothing any more', async () => {
    const gone = resources([], { 'vpc-1': denied }, ['vpc-1']);
    await runKnowing(gone, ['vpc-1']);
    expect(gone.asked).toEqual(['find', 'vpc-1', 'find']);
  });

  // A permission that asks for a tag of the resource: EC2 answers this of one that is gone.
  it('takes what EC2 does not authorize for deleted once it shows nothing any more', async () => {
    const gone = resources([], { 'vpc-1': unauthorized }, ['vpc-1']);
    await runKnowing(gone, ['vpc-1']);
    expect(gone.asked).toEqual(['find', 'vpc-1', 'find']);
  });

  it('says that EC2 does not authorize it while it is shown', async () => {
    const forbidden = resources(['vpc-1'], { 'vpc-1': unauthorized });
    await expect(runKnowing(forbidden, ['vpc-1'])).rejects.toBe(unauthorized);
    expect(forbidden.asked).toEqual(['find', 'vpc-1', 'find']);
  });

  it('comes back for what EC2 denies and shows all the same, after the twins', async () => {
    const lagging = resources(['vpc-1', 'vpc-2'], { 'vpc-1': denied });
    await expect(runKnowing(lagging, ['vpc-1'])).rejects.toMatchObject({ name: 'NotVisibleYet' });
    expect(lagging.asked).toEqual(['find', 'vpc-1', 'vpc-2', 'find']);
    expect(await lagging.find()).toEqual(['vpc-1']);
  });

  it('lets any other refusal escape once all that was known is answered', async () => {
    const inUse = refusal('DependencyViolation');
    const several = resources(['vpc-1', 'vpc-2', 'vpc-3'], { 'vpc-1': inUse });
    await expect(runKnowing(several, ['vpc-1', 'vpc-2'])).rejects.toBe(inUse);
    expect(several.asked).toEqual(['find', 'vpc-1', 'vpc-2']);
  });

  it('lets a refusal to look escape, but only when the deletions have ended: a retry must not meet them', async () => {
    const throttled = refusal('RequestLimitExceeded');
    let answer: () => void = () => {};
    const removal = new Promise<void>((resolve) => {
      answer = resolve;
    });
    let ended = false;
    const deletion = deleteAll(
      () => Promise.reject(throttled),
      () => removal,
      { resources: ['vpc-1'], idOf: (id) => id },
    ).finally(() => {
      ended = true;
    });
    const outcome = expect(deletion).rejects.toBe(throttled);
    await new Promise((resolve) => setImmediate(resolve));
    expect(ended).toBe(false);
    answer();
    await outcome;
  });
});
