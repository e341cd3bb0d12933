import type { HeldEnvironment, KeptImage } from '../../core/document.ts';
import type { Operation } from '../../core/operation.ts';
import { createImage } from '../../functions/environment/create-image.ts';
import type { TestAccount } from './account.ts';
import { environment as defaultEnvironment, operationOf } from './documents.ts';
import { bringTo, launchByHand, readyToLaunch } from './launched.ts';

/** Keeps the disks of one environment after the other, each until a time, and lets their snapshots complete. */
export async function kept(
  account: TestAccount,
  disks: readonly { readonly until: string; readonly environment?: Partial<HeldEnvironment>; readonly operation?: Operation }[],
): Promise<KeptImage[]> {
  account.stopClock();
  const launching = await readyToLaunch(account);
  const images: KeptImage[] = [];
  for (const [index, { until, environment, operation = operationOf('one', 'remove') }] of disks.entries()) {
    const instanceId = await launchByHand(account, launching);
    await bringTo(account, instanceId, 'stopped');
    images.push(
      await account.run(createImage, {
        environment: { ...defaultEnvironment, uid: `uid-${index}`, ...environment },
        operation,
        keep: { until },
        instances: { instanceIds: [instanceId], changed: true },
      }),
    );
  }
  account.aws.clock.advance(1_000);
  return images;
}
