import { DescribeNetworkInterfacesCommand } from '@aws-sdk/client-ec2';
import * as v from 'valibot';
import { ensurePublicAddress as ensureOn } from '../../aws/ec2/public-address.ts';
import { ec2 } from '../../aws/step/clients.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { FoundPlan, Nothing } from '../../core/document.ts';
import { hasTags, managedBy } from '../../core/tags.ts';

/** Ensures that an existing instance has a public address while it runs. An interface that is not Recode's stays as it is. */
export const ensurePublicAddress = step({
  input: v.object({ plan: FoundPlan }),
  output: Nothing,
  uses: { ec2 },
  async run({ plan: { instanceId } }, { ec2 }) {
    const { NetworkInterfaces = [] } = await ec2.send(
      new DescribeNetworkInterfacesCommand({
        Filters: [
          { Name: 'attachment.instance-id', Values: [instanceId] },
          { Name: 'attachment.device-index', Values: ['0'] },
        ],
      }),
    );
    const primary = NetworkInterfaces.find(({ TagSet }) => hasTags(TagSet, [managedBy]));
    if (primary) await ensureOn(ec2, primary);
  },
});

export const handler = lambdaHandler(ensurePublicAddress);
