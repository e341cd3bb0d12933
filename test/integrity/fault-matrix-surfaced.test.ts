import { expect, it } from 'vitest';
import { expectConverged } from '../harness/inventory.ts';
import { deployedAws, runStart, runStop } from '../harness/workflows.ts';
import { surfaced } from './fault-matrix-surfaced.ts';
import { sweep } from './fault-matrix-sweep.ts';

it('fails at once with what repeating cannot mend, and after a while with what it could have mended', () =>
  sweep({
    ...surfaced,
    of: 'what executions fail with after the first start',
    select: (one) => surfaced.select(one) && one.stage.name !== 'first start',
  }));

it('says why an instance went back where it was to come up, and gets over it', async () => {
  await using aws = await deployedAws();
  const reason = 'Client.InvalidKMSKey.InvalidState: The KMS key is disabled';
  const because = expect.stringContaining('The KMS key is disabled');
  await aws.post('ec2', { launches: [{ outcome: 'terminated', reason }] });
  expect(await runStart(aws)).toMatchObject({ error: 'VolumeKeyNotUsable', cause: because });
  expect(await runStart(aws)).toMatchObject({ status: 'SUCCEEDED' });
  await expectConverged(aws, 1);

  expect(await runStop(aws)).toMatchObject({ status: 'SUCCEEDED' });
  await aws.post('ec2', { starts: [{ outcome: 'stopped', reason }] });
  expect(await runStart(aws)).toMatchObject({ error: 'VolumeKeyNotUsable', cause: because });
  expect(await runStart(aws)).toMatchObject({ status: 'SUCCEEDED' });
  await expectConverged(aws, 1);
});
