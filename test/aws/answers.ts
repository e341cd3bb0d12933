import type { Meaning } from '../../aws/errors.ts';

/** One code that AWS may answer a call with, and what it means. */
export interface Answer {
  readonly service: Service;
  /** `*` for every call of the service. */
  readonly call: string;
  readonly code: string;
  readonly means: Meaning;
  /** Where it stands that AWS answers so. */
  readonly source: string;
  /** AWS's text, where the code alone does not tell. */
  readonly message?: string;
}
export type Service = 'ec2' | 'dynamodb' | 'states';

type Line = readonly [call: string, code: string, means: Meaning, source: string, message?: string];

const github = 'https://github.com';
// EC2's own list says what a code means, and for most of them which call answers it.
const ec2Codes = 'https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html';
// The constants of the Terraform provider: spellings that its authors met.
const terraformCodes = `${github}/hashicorp/terraform-provider-aws/blob/main/internal/service/ec2/errors.go`;
// What every SDK of AWS takes for throttling, whatever the service.
const sdkCodes = 'npm:@smithy/core, submodules/retry/service-error-classification/constants.js';
const dynamodbCodes = 'https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html';
const createTable = 'https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateTable.html';
const deleteTable = 'https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_DeleteTable.html';
const statesCodes = 'https://docs.aws.amazon.com/step-functions/latest/apireference/CommonErrors.html';
const startExecution = 'https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html';
const describeExecution = 'https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeExecution.html';

const ec2: readonly Line[] = [
  ['*', 'RequestLimitExceeded', 'throttled', ec2Codes],
  ['*', 'Throttling', 'throttled', sdkCodes],
  ['*', 'EC2ThrottledException', 'throttled', sdkCodes],
  ['*', 'RequestThrottledException', 'throttled', sdkCodes],
  ['*', 'ConcurrentMutationLimitExceeded', 'throttled', `${github}/hashicorp/terraform-provider-aws/issues/19750`],
  ['*', 'InternalError', 'unavailable', ec2Codes],
  ['*', 'Unavailable', 'unavailable', ec2Codes],
  ['*', 'InternalFailure', 'unavailable', ec2Codes],
  ['*', 'ServiceUnavailable', 'unavailable', ec2Codes],
  ['*', 'UnauthorizedOperation', 'unauthorized', ec2Codes],
  ['*', 'OptInRequired', 'account', ec2Codes],
  ['*', 'PendingVerification', 'account', ec2Codes],
  ['*', 'Blocked', 'account', ec2Codes],
  ['*', 'AuthFailure', 'credentials', ec2Codes],
  ['*', 'InvalidClientTokenId', 'credentials', ec2Codes],
  ['*', 'SignatureDoesNotMatch', 'credentials', ec2Codes],
  ['*', 'IncompleteSignature', 'credentials', ec2Codes],
  ['*', 'MissingAuthenticationToken', 'credentials', ec2Codes],
  ['*', 'RequestExpired', 'expired', ec2Codes],

  ['CreateImage', 'InvalidInstanceID.NotFound', 'not-found', ec2Codes],
  ['CreateImage', 'InvalidAMIName.Duplicate', 'duplicate-name', ec2Codes],
  ['CreateImage', 'IncorrectInstanceState', 'wrong-state', ec2Codes],
  ['CreateImage', 'IncorrectState', 'wrong-state', ec2Codes],
  ['CreateImage', 'SnapshotCreationPerVolumeRateExceeded', 'throttled', ec2Codes],
  ['CreateImage', 'SnapshotLimitExceeded', 'quota', ec2Codes],
  ['CreateImage', 'ConcurrentSnapshotLimitExceeded', 'quota', ec2Codes],
  ['CreateImage', 'PendingSnapshotLimitExceeded', 'quota', ec2Codes],
  ['DeregisterImage', 'InvalidAMIID.NotFound', 'no-image', ec2Codes],
  ['DeregisterImage', 'InvalidAMIID.Unavailable', 'no-image', ec2Codes],
  ['DeleteSnapshot', 'InvalidSnapshot.NotFound', 'not-found', ec2Codes],
  ['DeleteSnapshot', 'InvalidSnapshot.InUse', 'still-in-use', ec2Codes],
  ['CreateVpc', 'VpcLimitExceeded', 'quota', ec2Codes],
  ['ModifyVpcAttribute', 'InvalidVpcID.NotFound', 'not-found', ec2Codes],
  ['CreateInternetGateway', 'InternetGatewayLimitExceeded', 'quota', ec2Codes],
  ['AttachInternetGateway', 'InvalidVpcID.NotFound', 'not-found', ec2Codes],
  ['AttachInternetGateway', 'InvalidInternetGatewayID.NotFound', 'not-found', ec2Codes],
  ['AttachInternetGateway', 'Resource.AlreadyAssociated', 'already-there', ec2Codes],
  ['DescribeInternetGateways', 'InvalidInternetGatewayID.NotFound', 'not-found', ec2Codes],
  ['CreateSubnet', 'InvalidVpcID.NotFound', 'not-found', ec2Codes],
  ['CreateSubnet', 'InvalidSubnet.Conflict', 'subnet-conflict', ec2Codes],
  ['CreateSubnet', 'SubnetLimitExceeded', 'quota', ec2Codes],
  ['ModifySubnetAttribute', 'InvalidSubnetID.NotFound', 'not-found', ec2Codes],
  ['CreateRouteTable', 'InvalidVpcID.NotFound', 'not-found', ec2Codes],
  ['CreateRouteTable', 'IdempotentParameterMismatch', 'token-mismatch', ec2Codes],
  ['CreateRouteTable', 'RouteTableLimitExceeded', 'quota', ec2Codes],
  ['CreateRoute', 'InvalidRouteTableID.NotFound', 'not-found', ec2Codes],
  ['CreateRoute', 'InvalidRouteTableId.NotFound', 'not-found', terraformCodes],
  ['CreateRoute', 'InvalidGatewayID.NotFound', 'not-found', ec2Codes],
  ['CreateRoute', 'InvalidInternetGatewayID.NotFound', 'not-found', ec2Codes],
  ['CreateRoute', 'RouteAlreadyExists', 'already-there', ec2Codes],
  ['CreateRoute', 'RouteLimitExceeded', 'quota', ec2Codes],
  ['AssociateRouteTable', 'InvalidRouteTableID.NotFound', 'not-found', ec2Codes],
  ['AssociateRouteTable', 'InvalidSubnetID.NotFound', 'not-found', ec2Codes],
  ['AssociateRouteTable', 'InvalidSubnetId.NotFound', 'not-found', terraformCodes],
  ['AssociateRouteTable', 'Resource.AlreadyAssociated', 'already-there', ec2Codes],

  ['CreateSecurityGroup', 'InvalidVpcID.NotFound', 'not-found', ec2Codes],
  ['CreateSecurityGroup', 'InvalidGroup.Duplicate', 'duplicate-name', ec2Codes],
  ['CreateSecurityGroup', 'SecurityGroupLimitExceeded', 'quota', ec2Codes],
  ['AuthorizeSecurityGroupIngress', 'InvalidGroup.NotFound', 'not-found', `${github}/aws/aws-sdk-js/issues/318`],
  ['AuthorizeSecurityGroupIngress', 'InvalidPermission.Duplicate', 'already-there', ec2Codes],
  ['AuthorizeSecurityGroupIngress', 'RulesPerSecurityGroupLimitExceeded', 'quota', ec2Codes],
  ['RevokeSecurityGroupIngress', 'InvalidGroup.NotFound', 'not-found', ec2Codes],
  ['RevokeSecurityGroupIngress', 'InvalidPermission.NotFound', 'not-found', ec2Codes],
  ['ImportKeyPair', 'InvalidKeyPair.Duplicate', 'duplicate-name', ec2Codes],
  ['ImportKeyPair', 'KeyPairLimitExceeded', 'quota', ec2Codes],
  ['ModifyNetworkInterfaceAttribute', 'InvalidNetworkInterfaceID.NotFound', 'not-found', ec2Codes],
  ['CreateNetworkInterface', 'InvalidSubnetID.NotFound', 'not-found', ec2Codes],
  ['CreateNetworkInterface', 'InvalidSecurityGroupID.NotFound', 'not-found', `${github}/hashicorp/terraform/issues/3372`],
  ['CreateNetworkInterface', 'InvalidGroup.NotFound', 'not-found', ec2Codes],
  ['CreateNetworkInterface', 'IdempotentParameterMismatch', 'token-mismatch', ec2Codes],
  ['CreateNetworkInterface', 'InsufficientFreeAddressesInSubnet', 'subnet-full', ec2Codes],
  ['CreateNetworkInterface', 'NetworkInterfaceLimitExceeded', 'quota', ec2Codes],
  ['CreateNetworkInterface', 'SecurityGroupsPerInterfaceLimitExceeded', 'quota', ec2Codes],

  ['RunInstances', 'InvalidNetworkInterfaceID.NotFound', 'not-found', `${github}/hashicorp/terraform-provider-aws/issues/35568`],
  ['RunInstances', 'InvalidKeyPair.NotFound', 'not-found', ec2Codes],
  ['RunInstances', 'IdempotentParameterMismatch', 'token-mismatch', ec2Codes],
  ['RunInstances', 'IdempotentInstanceTerminated', 'instance-terminated', ec2Codes],
  ['RunInstances', 'InvalidNetworkInterface.InUse', 'interface-in-use', `${github}/hashicorp/terraform-provider-aws/issues/27513`],
  ['RunInstances', 'InvalidAMIID.NotFound', 'no-image', ec2Codes],
  ['RunInstances', 'InvalidAMIID.Unavailable', 'no-image', ec2Codes],
  ['RunInstances', 'AuthFailure', 'no-image', `${github}/StreisandEffect/streisand/issues/82`, 'Not authorized for images: [ami-0]'],
  ['RunInstances', 'InsufficientInstanceCapacity', 'no-capacity', ec2Codes],
  ['RunInstances', 'InsufficientHostCapacity', 'no-capacity', ec2Codes],
  ['RunInstances', 'InsufficientReservedInstanceCapacity', 'no-capacity', ec2Codes],
  ['RunInstances', 'InsufficientVolumeCapacity', 'no-capacity', ec2Codes],
  ['RunInstances', 'InsufficientAddressCapacity', 'no-capacity', ec2Codes],
  ['RunInstances', 'Unsupported', 'no-capacity', ec2Codes],
  ['RunInstances', 'VcpuLimitExceeded', 'quota', `${github}/aws/karpenter-provider-aws/blob/main/pkg/errors/errors.go`],
  ['RunInstances', 'InstanceLimitExceeded', 'quota', ec2Codes],
  ['RunInstances', 'VolumeLimitExceeded', 'quota', ec2Codes],
  ['RunInstances', 'MaxIOPSLimitExceeded', 'quota', ec2Codes],
  ['RunInstances', 'AddressLimitExceeded', 'quota', ec2Codes],
  ['RunInstances', 'ResourceLimitExceeded', 'quota', ec2Codes],
  ['RunInstances', 'CustomerKeyHasBeenRevoked', 'volume-key', ec2Codes],
  ['RunInstances', 'InvalidInstanceType', 'instance-type', ec2Codes],
  [
    'RunInstances',
    'InvalidParameterCombination',
    'free-tier',
    `${github}/LinkedInLearning/learning-terraform-3087701/issues/345`,
    'The specified instance type is not eligible for Free Tier.',
  ],
  ['RunInstances', 'InvalidBlockDeviceMapping', 'volume-too-small', ec2Codes],
  ['StartInstances', 'InvalidInstanceID.NotFound', 'not-found', ec2Codes],
  ['StartInstances', 'IncorrectInstanceState', 'wrong-state', ec2Codes],
  ['StartInstances', 'InsufficientInstanceCapacity', 'no-capacity', ec2Codes],
  ['StartInstances', 'InsufficientHostCapacity', 'no-capacity', ec2Codes],
  ['StartInstances', 'Unsupported', 'no-capacity', ec2Codes],
  ['StartInstances', 'VcpuLimitExceeded', 'quota', `${github}/aws/karpenter-provider-aws/blob/main/pkg/errors/errors.go`],
  ['StartInstances', 'InstanceLimitExceeded', 'quota', ec2Codes],
  ['StartInstances', 'CustomerKeyHasBeenRevoked', 'volume-key', ec2Codes],
  ['ModifyInstanceAttribute', 'InvalidInstanceID.NotFound', 'not-found', ec2Codes],
  ['ModifyInstanceAttribute', 'IncorrectInstanceState', 'wrong-state', ec2Codes],
  ['StopInstances', 'InvalidInstanceID.NotFound', 'not-found', ec2Codes],
  ['StopInstances', 'IncorrectInstanceState', 'wrong-state', ec2Codes],
  ['StopInstances', 'OperationNotPermitted', 'protected', ec2Codes, "Modify its 'disableApiStop' instance attribute and try again."],
  ['TerminateInstances', 'InvalidInstanceID.NotFound', 'not-found', ec2Codes],
  [
    'TerminateInstances',
    'OperationNotPermitted',
    'protected',
    ec2Codes,
    "The instance 'i-0' may not be terminated. Modify its 'disableApiTermination' instance attribute and try again.",
  ],

  ['DeleteNetworkInterface', 'InvalidNetworkInterfaceID.NotFound', 'not-found', ec2Codes],
  ['DeleteNetworkInterface', 'InvalidNetworkInterface.InUse', 'interface-in-use', ec2Codes],
  // The list says of InvalidNetworkInterface.InUse: "you may also receive the InvalidParameterValue error".
  ['DeleteNetworkInterface', 'InvalidParameterValue', 'still-in-use', ec2Codes, "Network interface 'eni-0' is currently in use."],
  ['DeleteSecurityGroup', 'InvalidGroup.NotFound', 'not-found', ec2Codes],
  ['DeleteSecurityGroup', 'DependencyViolation', 'still-in-use', ec2Codes],
  ['DeleteSecurityGroup', 'InvalidGroup.InUse', 'still-in-use', ec2Codes],
  ['DeleteKeyPair', 'InvalidKeyPair.NotFound', 'not-found', ec2Codes],
  ['ModifyInstanceAttribute', 'InvalidInstanceAttributeValue', 'instance-type', ec2Codes],
  ['ModifyVolume', 'InvalidVolume.NotFound', 'not-found', ec2Codes],
  ['ModifyVolume', 'IncorrectModificationState', 'volume-changed', `${github}/kubernetes/kubernetes/issues/69434`],
  ['ModifyVolume', 'VolumeModificationRateExceeded', 'volume-changed', `${github}/sodafoundation/strato/issues/1094`],
  ['DeleteVolume', 'InvalidVolume.NotFound', 'not-found', ec2Codes],
  ['DeleteVolume', 'VolumeInUse', 'still-in-use', ec2Codes],
  ['DisassociateRouteTable', 'InvalidAssociationID.NotFound', 'not-found', ec2Codes],
  ['DeleteRouteTable', 'InvalidRouteTableID.NotFound', 'not-found', ec2Codes],
  ['DeleteRouteTable', 'DependencyViolation', 'still-in-use', ec2Codes],
  ['DetachInternetGateway', 'Gateway.NotAttached', 'not-attached', ec2Codes],
  ['DetachInternetGateway', 'DependencyViolation', 'still-in-use', ec2Codes],
  ['DeleteInternetGateway', 'InvalidInternetGatewayID.NotFound', 'not-found', ec2Codes],
  ['DeleteInternetGateway', 'DependencyViolation', 'still-in-use', ec2Codes],
  ['DeleteSubnet', 'InvalidSubnetID.NotFound', 'not-found', ec2Codes],
  ['DeleteSubnet', 'DependencyViolation', 'still-in-use', ec2Codes],
  ['DeleteVpc', 'InvalidVpcID.NotFound', 'not-found', ec2Codes],
  ['DeleteVpc', 'DependencyViolation', 'still-in-use', ec2Codes],
];

const dynamodb: readonly Line[] = [
  ['*', 'ProvisionedThroughputExceededException', 'throttled', dynamodbCodes],
  ['*', 'ThrottlingException', 'throttled', dynamodbCodes],
  ['*', 'RequestLimitExceeded', 'throttled', dynamodbCodes],
  ['*', 'InternalServerError', 'unavailable', dynamodbCodes],
  ['*', 'ServiceUnavailable', 'unavailable', dynamodbCodes],
  ['*', 'AccessDeniedException', 'unauthorized', dynamodbCodes],
  ['*', 'UnrecognizedClientException', 'credentials', dynamodbCodes],
  ['*', 'IncompleteSignatureException', 'credentials', dynamodbCodes],
  ['*', 'MissingAuthenticationTokenException', 'credentials', dynamodbCodes],
  ['*', 'InvalidSignatureException', 'credentials', sdkCodes],
  ['*', 'ExpiredTokenException', 'expired', statesCodes],
  [
    'CreateTable',
    'LimitExceededException',
    'throttled',
    `${github}/hashicorp/terraform-provider-aws/issues/1776`,
    'Subscriber limit exceeded: Only 10 tables can be created, updated, or deleted simultaneously',
  ],
  [
    'CreateTable',
    'LimitExceededException',
    'quota',
    createTable,
    'Subscriber limit exceeded: There is a limit of 2500 tables per subscriber',
  ],
  ['CreateTable', 'ResourceInUseException', 'table-in-use', createTable],
  ['DeleteTable', 'LimitExceededException', 'throttled', deleteTable],
  ['DeleteTable', 'ResourceNotFoundException', 'no-table', deleteTable],
  ['DeleteTable', 'ResourceInUseException', 'table-in-use', deleteTable],
];

const states: readonly Line[] = [
  ['*', 'ThrottlingException', 'throttled', statesCodes],
  ['*', 'InternalFailure', 'unavailable', statesCodes],
  ['*', 'ServiceUnavailable', 'unavailable', statesCodes],
  ['*', 'AccessDeniedException', 'unauthorized', statesCodes],
  ['*', 'NotAuthorized', 'unauthorized', statesCodes],
  ['*', 'OptInRequired', 'account', statesCodes],
  ['*', 'IncompleteSignature', 'credentials', statesCodes],
  ['*', 'InvalidClientTokenId', 'credentials', statesCodes],
  ['*', 'UnrecognizedClientException', 'credentials', statesCodes],
  ['*', 'RequestExpired', 'expired', statesCodes],
  ['*', 'ExpiredTokenException', 'expired', statesCodes],
  ['StartExecution', 'ExecutionAlreadyExists', 'execution-exists', startExecution],
  ['StartExecution', 'ExecutionLimitExceeded', 'quota', startExecution],
  ['StartExecution', 'StateMachineDoesNotExist', 'no-execution', startExecution],
  ['StartExecution', 'StateMachineDeleting', 'no-execution', startExecution],
  ['DescribeExecution', 'ExecutionDoesNotExist', 'no-execution', describeExecution],
];

const answersOf = (service: Service, lines: readonly Line[]): Answer[] =>
  lines.map(([call, code, means, source, message]) => ({ service, call, code, means, source, ...(message && { message }) }));

/** What AWS may answer the calls of the steps. The fault matrix meets each call with each of them. */
export const answers: readonly Answer[] = [...answersOf('ec2', ec2), ...answersOf('dynamodb', dynamodb), ...answersOf('states', states)];
