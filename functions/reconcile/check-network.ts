import type { Logger } from '@aws-lambda-powertools/logger';
import { type Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { SFNClient } from '@aws-sdk/client-sfn';
import * as v from 'valibot';
import { seenNetwork } from '../../aws/ec2/seen-network.ts';
import { attempt, mayChange } from '../../aws/reconcile/attempt.ts';
import { askHolder } from '../../aws/records/hold/holder.ts';
import { releaseNetwork, reopenNetwork } from '../../aws/records/hold/network.ts';
import { readNetwork } from '../../aws/records/read/network.ts';
import { dynamodb, ec2, sfn } from '../../aws/step/clients.ts';
import { logger } from '../../aws/step/logger.ts';
import { metrics } from '../../aws/step/metrics.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { Check, ReconcilePage } from '../../core/document.ts';
import { RecodeError } from '../../core/errors.ts';
import { type Finding, isWithin, leftIn, withFindings } from '../../core/finding.ts';
import { holderOf } from '../../core/lock.ts';
import type { Network } from '../../core/network.ts';
import { deadNetworkLock, networkFindings, repairable } from '../../core/network-drift.ts';

/**
 * Compares the network with what EC2 shows of it, unless an operation holds it. If parts of it are missing, and the check may create them
 * again, it says with what. The states after it do.
 */
export const checkNetwork = step({
  input: v.object({ check: Check, page: ReconcilePage }),
  output: ReconcilePage,
  uses: { dynamodb, ec2, sfn, logger, metrics },
  async run({ check, page }, { dynamodb, ec2, sfn, logger, metrics, clock }) {
    const report = (findings: Finding[]) => reported({ found: withFindings(page.found, findings), findings }, check, { logger, metrics });
    const now = clock.now();
    const attempting = { check, logger, step: 'checkNetwork' };
    const recorded = await readNetwork(dynamodb);
    const { lock, network, held } = await withoutDeadLock(recorded, { dynamodb, sfn, now }, (finding, release) =>
      attempt(finding, attempting, release),
    );
    if (held) return report(lock);

    const seen = await seenNetwork(ec2, network?.status === 'ready' ? network.ids : undefined);
    const found = networkFindings(network, seen, now);
    const mayRepair = isWithin(check.extent, 'repair') && mayChange(check, {});
    const repaired = mayRepair && found.some(({ fix }) => fix === 'repair') ? repairable(network, seen) : undefined;
    const findings = [...lock];
    for (const finding of found) {
      if (finding.fix === 'repair' && repaired) findings.push(finding);
      else findings.push(await attempt(finding, attempting, () => reopen(dynamodb, network)));
    }
    if (!repaired) return report(findings);
    // What comes of them counts once it is known.
    const repair = { vpc: { vpcId: repaired.vpcId }, subnet: { subnetId: repaired.subnetId } };
    return { found: page.found, findings, repair };
  },
});

export const handler = lambdaHandler(checkNetwork);

/** The end of the checks. The daily one, which repairs nothing, counts what it leaves. */
function reported(page: ReconcilePage, { extent }: Check, { logger, metrics }: { logger: Logger; metrics: Metrics }): ReconcilePage {
  const { found } = page;
  const left = leftIn(found);
  logger.info('The records were compared with AWS', { left, fixed: found.fixed, first: found.first });
  if (extent === 'records') {
    metrics.addMetric('Differences', MetricUnit.Count, left);
    metrics.publishStoredMetrics();
  }
  return page;
}

/** The network that no living operation holds, once the lock of a dead one is released. */
async function withoutDeadLock(
  network: Network | undefined,
  { dynamodb, sfn, now }: { dynamodb: DynamoDBClient; sfn: SFNClient; now: number },
  releasing: (finding: Finding, release: () => Promise<unknown>) => Promise<Finding>,
): Promise<{ lock: Finding[]; network?: Network | undefined; held: boolean }> {
  const holder = network && holderOf(network);
  if (!holder) return { lock: [], network, held: false };
  if ((await askHolder(sfn, holder, now)) !== 'closed') return { lock: [], held: true };
  const finding = await releasing(deadNetworkLock(holder), () => releaseNetwork(dynamodb, holder, now));
  if (finding.outcome !== 'fixed') return { lock: [finding], held: true };
  return { lock: [finding], network: await readNetwork(dynamodb), held: false };
}

async function reopen(dynamodb: DynamoDBClient, network: Network | undefined): Promise<void> {
  if (network?.status === 'ready' && (await reopenNetwork(dynamodb, network))) return;
  throw new RecodeError('OperationSettling', 'An operation has begun on the network meanwhile.');
}
