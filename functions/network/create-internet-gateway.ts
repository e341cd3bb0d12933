import { CreateInternetGatewayCommand, type EC2Client, type InternetGateway as Ec2InternetGateway } from '@aws-sdk/client-ec2';
import * as v from 'valibot';
import { findInternetGateways } from '../../aws/ec2/resources.ts';
import { tagged } from '../../aws/ec2/tags.ts';
import { ec2 } from '../../aws/step/clients.ts';
import { settings } from '../../aws/step/settings.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { InternetGateway } from '../../core/document.ts';
import { network } from '../../core/names.ts';
import type { Settings } from '../../core/settings.ts';
import { networkTags } from '../../core/tags.ts';

/** Ensures the internet gateway: finds it by its tags or creates it. */
export const createInternetGateway = step({
  input: v.object({}),
  output: InternetGateway,
  uses: { ec2, settings },
  async run(_, { ec2, settings }) {
    const gateway = (await existingGateway(ec2)) ?? (await newGateway(ec2, settings));
    return { internetGatewayId: gateway?.InternetGatewayId };
  },
});

export const handler = lambdaHandler(createInternetGateway);

/** The gateway of an earlier attempt. If there are several, one that is attached. */
async function existingGateway(ec2: EC2Client): Promise<Ec2InternetGateway | undefined> {
  const gateways = await findInternetGateways(ec2);
  return gateways.find(({ Attachments = [] }) => Attachments.length > 0) ?? gateways[0];
}

async function newGateway(ec2: EC2Client, { costTags }: Settings): Promise<Ec2InternetGateway | undefined> {
  // CreateInternetGateway takes no client token, so a retry looks first.
  const tags = tagged('internet-gateway', networkTags(network.internetGateway.name), costTags);
  const { InternetGateway } = await ec2.send(new CreateInternetGatewayCommand({ TagSpecifications: tags }));
  return InternetGateway;
}
