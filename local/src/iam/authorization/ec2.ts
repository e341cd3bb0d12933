import type { Action, InputOf, Region } from '../../ec2/operation.ts';
import type { Decoded } from '../../ec2/wire.ts';
import { keysOf } from '../keys.ts';
import type { Need } from '../policy.ts';
import { launched } from './launch.ts';
import { everything, type Subject, type Subjects, subjectsOf, withValues } from './subject.ts';

/**
 * The needs of a call of EC2: its action on each of its resources, and CreateTags for the resources that it creates with tags. An action
 * without an entry below needs permission for all resources.
 */
export function needsOfEc2(action: string, input: Decoded, region: Region): Need[] {
  const about = subjectsByAction[action as Action] as SubjectsOf<Action> | undefined;
  // It was decoded by the model of this action.
  const subjects = about?.(input as never, subjectsOf(region)) ?? [everything];
  const need = (name: string, { arn, requestTags, resourceTags }: Subject, createAction?: string): Need => ({
    action: `ec2:${name}`,
    resource: arn,
    keys: keysOf({ requestTags, resourceTags, createAction }),
  });
  return subjects.flatMap((subject) => {
    const tags = subject.made && subject.requestTags !== undefined && subject.requestTags.length > 0;
    return [need(action, subject), ...(tags ? [need('CreateTags', subject, action)] : [])];
  });
}

/** Whether the resources of an action are known. */
export function isEc2ActionKnown(action: string): boolean {
  return Object.hasOwn(subjectsByAction, action);
}

type SubjectsOf<A extends Action> = (input: InputOf<A>, subjects: Subjects) => readonly Subject[];

const all = () => [everything];

// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
const subjectsByAction: { readonly [A in Action]?: SubjectsOf<A> } = {
  CreateVpc: ({ TagSpecifications }, { made }) => [made('vpc', TagSpecifications)],
  ModifyVpcAttribute: ({ VpcId }, { existing, region }) => [existing(region.resources.vpcs, VpcId)],
  DescribeVpcAttribute: ({ VpcId }, { existing, region }) => [existing(region.resources.vpcs, VpcId)],
  DeleteVpc: ({ VpcId }, { existing, region }) => [existing(region.resources.vpcs, VpcId)],
  DescribeVpcs: all,

  CreateSubnet: ({ VpcId, TagSpecifications }, { made, existing, region }) => [
    made('subnet', TagSpecifications),
    existing(region.resources.vpcs, VpcId),
  ],
  ModifySubnetAttribute: ({ SubnetId }, { existing, region }) => [existing(region.resources.subnets, SubnetId)],
  DeleteSubnet: ({ SubnetId }, { existing, region }) => [existing(region.resources.subnets, SubnetId)],
  DescribeSubnets: all,
  DescribeAvailabilityZones: all,

  CreateInternetGateway: ({ TagSpecifications }, { made }) => [made('internet-gateway', TagSpecifications)],
  AttachInternetGateway: gatewayAndVpc,
  DetachInternetGateway: gatewayAndVpc,
  DeleteInternetGateway: ({ InternetGatewayId }, { existing, region }) => [existing(region.resources.internetGateways, InternetGatewayId)],
  DescribeInternetGateways: all,

  CreateRouteTable: ({ VpcId, TagSpecifications }, { made, existing, region }) => [
    made('route-table', TagSpecifications),
    existing(region.resources.vpcs, VpcId),
  ],
  CreateRoute: ({ RouteTableId }, { existing, region }) => [existing(region.resources.routeTables, RouteTableId)],
  DeleteRoute: ({ RouteTableId }, { existing, region }) => [existing(region.resources.routeTables, RouteTableId)],
  AssociateRouteTable: ({ RouteTableId, SubnetId }, { existing, region }) => [
    existing(region.resources.routeTables, RouteTableId),
    ...(SubnetId === undefined ? [] : [existing(region.resources.subnets, SubnetId)]),
  ],
  DisassociateRouteTable: tableAndSubnet,
  DeleteRouteTable: ({ RouteTableId }, { existing, region }) => [existing(region.resources.routeTables, RouteTableId)],
  DescribeRouteTables: all,

  CreateSecurityGroup: ({ VpcId, TagSpecifications }, { made, existing, region }) => [
    made('security-group', TagSpecifications),
    ...(VpcId === undefined ? [] : [existing(region.resources.vpcs, VpcId)]),
  ],
  AuthorizeSecurityGroupIngress: groupAndRules,
  AuthorizeSecurityGroupEgress: groupAndRules,
  RevokeSecurityGroupIngress: ({ GroupId }, { existing, region }) => [existing(region.resources.securityGroups, GroupId)],
  RevokeSecurityGroupEgress: ({ GroupId }, { existing, region }) => [existing(region.resources.securityGroups, GroupId)],
  DeleteSecurityGroup: ({ GroupId }, { existing, region }) => [existing(region.resources.securityGroups, GroupId)],
  DescribeSecurityGroups: all,
  DescribeSecurityGroupRules: all,

  ImportKeyPair: ({ KeyName, TagSpecifications }, { made }) => [made('key-pair', TagSpecifications, KeyName)],
  DeleteKeyPair: ({ KeyName, KeyPairId }, { keyPair }) => [keyPair({ name: KeyName, id: KeyPairId })],
  DescribeKeyPairs: all,

  CreateNetworkInterface: ({ SubnetId, Groups = [], TagSpecifications }, { made, existing, region }) => [
    made('network-interface', TagSpecifications),
    existing(region.resources.subnets, SubnetId),
    ...Groups.map((id) => existing(region.resources.securityGroups, id)),
  ],
  DeleteNetworkInterface: ({ NetworkInterfaceId }, { existing, region }) => [
    existing(region.resources.networkInterfaces, NetworkInterfaceId),
  ],
  ModifyNetworkInterfaceAttribute: ({ NetworkInterfaceId, Groups = [] }, { existing, region }) => [
    existing(region.resources.networkInterfaces, NetworkInterfaceId),
    ...Groups.map((id) => existing(region.resources.securityGroups, id)),
  ],
  DescribeNetworkInterfaceAttribute: ({ NetworkInterfaceId }, { existing, region }) => [
    existing(region.resources.networkInterfaces, NetworkInterfaceId),
  ],
  DescribeNetworkInterfaces: all,

  RunInstances: launched,
  StartInstances: instances,
  StopInstances: instances,
  TerminateInstances: instances,
  GetConsoleOutput: ({ InstanceId }, { existing, region }) => [existing(region.resources.instances, InstanceId)],
  DescribeInstanceAttribute: ({ InstanceId }, { existing, region }) => [existing(region.resources.instances, InstanceId)],
  ModifyInstanceAttribute: ({ InstanceId }, { existing, region }) => [existing(region.resources.instances, InstanceId)],
  DescribeInstances: all,
  DescribeInstanceStatus: all,
  DescribeInstanceTypes: all,
  DescribeInstanceTypeOfferings: all,
  CreateImage: ({ InstanceId, TagSpecifications }, { made, existing, region }) => [
    made('image', TagSpecifications),
    existing(region.resources.instances, InstanceId),
    made('snapshot', TagSpecifications),
  ],
  DeregisterImage: ({ ImageId }, { existing, region }) => [existing(region.resources.images, ImageId)],
  DescribeImages: all,

  DeleteVolume: ({ VolumeId }, { existing, region }) => [existing(region.resources.volumes, VolumeId)],
  ModifyVolume: ({ VolumeId }, { existing, region }) => [existing(region.resources.volumes, VolumeId)],
  DescribeVolumes: all,
  DescribeVolumesModifications: all,
  DeleteSnapshot: ({ SnapshotId }, { existing, region }) => [existing(region.resources.snapshots, SnapshotId)],
  DescribeSnapshots: all,

  CreateTags: ({ Resources, Tags }, { any }) => Resources.map((id) => ({ ...any(id), requestTags: withValues(Tags) })),
  DeleteTags: ({ Resources, Tags = [] }, { any }) => Resources.map((id) => ({ ...any(id), requestTags: Tags })),
  DescribeTags: all,
};

function groupAndRules(
  { GroupId, TagSpecifications }: { GroupId?: string | undefined; TagSpecifications?: Parameters<Subjects['made']>[1] },
  { made, existing, region }: Subjects,
): Subject[] {
  // "Policies using the security-group-rule resource-level permission are only enforced when the API request includes TagSpecifications."
  const rules = TagSpecifications === undefined ? [] : [made('security-group-rule', TagSpecifications)];
  return [existing(region.resources.securityGroups, GroupId), ...rules];
}

function gatewayAndVpc(input: { InternetGatewayId: string; VpcId: string }, { existing, region }: Subjects): Subject[] {
  const { internetGateways, vpcs } = region.resources;
  return [existing(internetGateways, input.InternetGatewayId), existing(vpcs, input.VpcId)];
}

/** Both ends of an association. They are unknown if it does not exist. */
function tableAndSubnet({ AssociationId }: { AssociationId: string | undefined }, { existing, untagged, region }: Subjects): Subject[] {
  const { routeTables, subnets } = region.resources;
  for (const { id, associations } of routeTables.select(undefined)) {
    const association = associations.find((one) => one.id === AssociationId);
    if (!association) continue;
    return [existing(routeTables, id), ...(association.subnetId === undefined ? [] : [existing(subnets, association.subnetId)])];
  }
  return [untagged('route-table', '*')];
}

function instances({ InstanceIds }: { InstanceIds: readonly string[] }, { existing, region }: Subjects): Subject[] {
  return InstanceIds.map((id) => existing(region.resources.instances, id));
}
