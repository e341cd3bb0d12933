import { describe, expect, it } from 'vitest';
import { readEnvironments } from '../../../aws/records/read/environment.ts';
import { beginOperation } from '../../../functions/operation/begin-operation.ts';
import { startHolder } from '../../harness/holders.ts';
import { publicKey } from '../documents.ts';
import { begin, claims, installed } from '../installed.ts';

const chosen = { volumeSize: 64, volumeType: 'gp3', ingressCidrs: ['203.0.113.0/24'] } as const;

describe('a first start in a stack whose administrator has chosen', () => {
  it('asks for what was chosen where its own request says nothing', async () => {
    await using account = await installed();
    account.choose(chosen);
    const { environment } = await account.run(beginOperation, begin(await startHolder(account.sfn)));
    expect(environment.request).toMatchObject({ volumeSize: 64, volumeType: 'gp3', allowCidrs: ['203.0.113.0/24'] });
  });

  it('asks for what its own request says', async () => {
    await using account = await installed();
    account.choose(chosen);
    const request = { publicKey: publicKey(), volumeSize: 20, allowCidrs: ['198.51.100.7/32'] };
    const { environment } = await account.run(beginOperation, begin(await startHolder(account.sfn), { request }));
    expect(environment.request).toMatchObject({ volumeSize: 20, volumeType: 'gp3', allowCidrs: ['198.51.100.7/32'] });
  });
});

describe('a start where an environment may run for two hours', () => {
  it.each([{ kind: 'never' }, { kind: 'after', minutes: 121 }])('is refused with %j, and leaves nothing behind', async (autoStop) => {
    await using account = await installed();
    account.choose({ longestRun: 120 });
    const request = { publicKey: publicKey(), autoStop };
    const refusal = await account.refusal(beginOperation, begin(await startHolder(account.sfn), { request }));
    expect(refusal.name).toBe('AutoStopNotAllowed');
    expect((await readEnvironments(account.dynamodb)).items).toEqual([]);
    await account.run(
      beginOperation,
      begin(await startHolder(account.sfn), { request: { ...request, autoStop: { kind: 'after', minutes: 120 } } }),
    );
  });
});

describe('a start where an owner may have two environments', () => {
  it('is refused as the third, naming the others and leaving nothing behind; another owner’s is not', async () => {
    await using account = await installed();
    account.choose({ environmentsPerOwner: 2 });
    for (const repository of ['acme/one', 'acme/two']) {
      await account.run(beginOperation, begin(await startHolder(account.sfn), { repository }));
    }
    const third = begin(await startHolder(account.sfn), { repository: 'acme/three' });
    expect(await account.refusal(beginOperation, third)).toMatchObject({
      name: 'TooManyEnvironments',
      message: 'alice has acme/one, acme/two; your team allows 2.',
    });
    expect((await readEnvironments(account.dynamodb)).items.map(({ repository }) => repository).sort()).toEqual(['acme/one', 'acme/two']);
    expect(Object.keys(await claims(account)).sort()).toEqual(['acme-one', 'acme-two']);
    await account.run(beginOperation, begin(await startHolder(account.sfn, 'bob'), { owner: 'bob' }));
  });

  it('lets exactly two of five in that come at once', async () => {
    await using account = await installed();
    account.choose({ environmentsPerOwner: 2 });
    const starts = ['one', 'two', 'three', 'four', 'five'].map(async (name) => {
      const event = begin(await startHolder(account.sfn), { repository: `acme/${name}` });
      return account.run(beginOperation, event).then(
        () => 'entered',
        ({ name }) => name,
      );
    });
    const outcomes = await Promise.all(starts);
    expect(outcomes.filter((outcome) => outcome === 'entered')).toHaveLength(2);
    expect(outcomes.filter((outcome) => outcome === 'TooManyEnvironments')).toHaveLength(3);
    expect((await readEnvironments(account.dynamodb)).items).toHaveLength(2);
  });
});
