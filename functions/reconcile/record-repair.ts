import * as v from 'valibot';
import { findSubnets } from '../../aws/ec2/resources.ts';
import { makePublic } from '../../aws/ec2/subnet.ts';
import { releaseReadyNetwork } from '../../aws/records/hold/network.ts';
import { dynamodb, ec2 } from '../../aws/step/clients.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { InternetGateway, ReconcilePage, RouteTable, Subnet, Vpc } from '../../core/document.ts';
import { withFindings } from '../../core/finding.ts';
import { Operation } from '../../core/operation.ts';

/**
 * Finishes the repair of the network: its subnets give public addresses, and its record has its parts. Duplicates stay: a repair deletes
 * nothing.
 */
export const recordRepair = step({
  input: v.object({
    operation: Operation,
    page: ReconcilePage,
    vpc: Vpc,
    internetGateway: InternetGateway,
    subnet: Subnet,
    routeTable: RouteTable,
  }),
  output: ReconcilePage,
  uses: { dynamodb, ec2 },
  async run({ operation, page, vpc, internetGateway, subnet: { subnetId }, routeTable }, { dynamodb, ec2 }) {
    const subnets = (await findSubnets(ec2)).filter(({ VpcId, MapPublicIpOnLaunch }) => VpcId === vpc.vpcId && !MapPublicIpOnLaunch);
    for (const { SubnetId } of subnets) await makePublic(ec2, SubnetId);
    await releaseReadyNetwork(dynamodb, operation, { ...vpc, ...internetGateway, ...routeTable, subnets: [{ subnetId }] });
    const findings = page.findings.map((each) => (each.fix === 'repair' ? { ...each, outcome: 'fixed' as const } : each));
    return { found: withFindings(page.found, findings), findings };
  },
});

export const handler = lambdaHandler(recordRepair);
