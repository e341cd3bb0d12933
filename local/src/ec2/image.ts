import { createHash } from 'node:crypto';
import type { Image as DescribedImage } from '@aws-sdk/client-ec2';
import * as v from 'valibot';
import { AwsFailure } from '../service.ts';
import catalog from './catalog/images.json' with { type: 'json' };
import { type FilterTable, filtered } from './filters.ts';
import type { Operations, Region } from './operation.ts';
import type { OwnImage } from './own-image.ts';
import { paginated } from './pagination.ts';
import { isId, type Tag } from './resource.ts';
import { isPending } from './snapshot.ts';

const CatalogImage = v.strictObject({
  name: v.string(),
  description: v.string(),
  architecture: v.picklist(['x86_64', 'arm64']),
  createdAt: v.pipe(v.string(), v.isoTimestamp()),
  deprecatedAt: v.pipe(v.string(), v.isoTimestamp()),
  state: v.picklist(['available', 'pending']),
  /** The size of the snapshot of the root device. */
  rootDeviceGiB: v.number(),
});

/** A machine image: one of the catalog, which has its own ID in each region, or one that the account has created. */
export interface Image {
  readonly id: string;
  readonly ownerId: string;
  readonly name: string;
  readonly description: string;
  readonly architecture: OwnImage['architecture'];
  readonly createdAt: string;
  /** An image of the account is never deprecated. */
  readonly deprecatedAt?: string;
  readonly state: 'available' | 'pending';
  readonly snapshotId: string;
  /** The size of the snapshot of the root device. */
  readonly rootDeviceGiB: number;
  readonly volumeType: OwnImage['volumeType'];
  readonly encrypted: boolean;
  readonly deleteOnTermination: boolean;
  /** Of an image that the account has created. */
  readonly source?: { readonly instanceId: string };
  /** Only the owner of an image sees its tags. */
  readonly tags: readonly Tag[];
}

export const rootDeviceName = '/dev/sda1';

/** The account of Canonical, which owns all images in the catalog. */
const canonical = '099720109477';

const catalogImages = v.parse(v.array(CatalogImage), catalog);

/** The image with this ID. Throws `InvalidAMIID.Malformed` and `.NotFound`, and `.Unavailable` if it is not ready. */
export function launchableImage(region: Region, id: string): Image {
  const [image] = imagesWith([id], region);
  if (!image) throw notFound([id]);
  if (image.state !== 'available') throw new AwsFailure('InvalidAMIID.Unavailable', `The image ID '${id}' is not available`);
  return image;
}

const imageFilters: FilterTable<Image> = {
  honored: {
    architecture: ({ architecture }) => architecture,
    'block-device-mapping.device-name': () => rootDeviceName,
    'block-device-mapping.snapshot-id': ({ snapshotId }) => snapshotId,
    'block-device-mapping.volume-size': ({ rootDeviceGiB }) => rootDeviceGiB,
    'creation-date': ({ createdAt }) => createdAt,
    description: ({ description }) => description,
    'ena-support': () => true,
    hypervisor: () => 'xen',
    'image-id': ({ id }) => id,
    'image-type': () => 'machine',
    'is-public': ({ source }) => source === undefined,
    name: ({ name }) => name,
    'owner-id': ({ ownerId }) => ownerId,
    'root-device-name': () => rootDeviceName,
    'root-device-type': () => 'ebs',
    state: ({ state }) => state,
    'virtualization-type': () => 'hvm',
    'source-instance-id': ({ source }) => source?.instanceId,
    'tag-key': ({ tags }) => tags.map(({ Key }) => Key),
  },
  unsupported: [
    'block-device-mapping.delete-on-termination',
    'block-device-mapping.encrypted',
    'block-device-mapping.volume-type',
    'boot-mode',
    'free-tier-eligible',
    'image-allowed',
    'image-watermark.source-image-creation-time',
    'image-watermark.source-image-id',
    'image-watermark.source-image-region',
    'image-watermark.watermark-creation-time',
    'image-watermark.watermark-key',
    'instance-type-specification.supported-instance-type',
    'instance-type-specification.unsupported-instance-type',
    'kernel-id',
    'manifest-location',
    'owner-alias',
    'platform',
    'product-code',
    'product-code.type',
    'public-ssm-parameter-name',
    'ramdisk-id',
    'scan-result.critical-fix-available-since',
    'scan-result.finding-scan-date',
    'scan-result.high-fix-available-since',
    'scan-result.highest-finding-severity-label',
    'scan-result.informational-fix-available-since',
    'scan-result.low-fix-available-since',
    'scan-result.medium-fix-available-since',
    'source-image-id',
    'source-image-region',
    'sriov-net-support',
    'state-reason-code',
    'state-reason-message',
  ],
  tags: ({ tags }) => tags,
};

export const imageOperations = {
  DescribeImages: {
    honors: {
      ImageIds: true,
      Owners: true,
      IncludeDeprecated: true,
      IncludeDisabled: [false],
      'Filters.Name': true,
      'Filters.Values': true,
      MaxResults: true,
      NextToken: true,
    },
    filters: imageFilters,
    run(input, call) {
      const images = input.ImageIds ? imagesWith(input.ImageIds, call) : imagesOf(call);
      // A deprecated image is shown if the request has its ID.
      const shown = ({ deprecatedAt }: Image) =>
        input.IncludeDeprecated === true ||
        input.ImageIds !== undefined ||
        deprecatedAt === undefined ||
        call.clock.now() < Date.parse(deprecatedAt);
      checkOwners(input.Owners ?? []);
      const owners = input.Owners?.map((owner) => (owner === 'self' ? call.accountId : owner));
      const owned = images.filter((image) => shown(image) && (owners === undefined || owners.includes(image.ownerId)));
      const { page, NextToken } = paginated(call, input, filtered(imageFilters, owned, input.Filters), ({ id }) => id);
      return { Images: page.map(described), NextToken };
    },
  },
} satisfies Operations;

function imagesOf({ region, accountId, resources, clock }: Region): Image[] {
  const published = catalogImages.map((image) => ({
    ...image,
    id: `ami-${idOf(region, image.name)}`,
    ownerId: canonical,
    snapshotId: `snap-${idOf(region, image.name)}`,
    volumeType: 'gp3' as const,
    encrypted: false,
    deleteOnTermination: true,
    tags: [],
  }));
  const own = resources.images.select(undefined).map((image) => {
    const { createdAt, sourceInstanceId, snapshotId, ...rest } = image;
    const snapshot = resources.snapshots.get(snapshotId);
    if (!snapshot) throw new Error(`The image ${image.id} has no snapshot`);
    return {
      ...rest,
      ownerId: accountId,
      createdAt: new Date(createdAt).toISOString(),
      state: isPending(snapshot, clock.now()) ? ('pending' as const) : ('available' as const),
      snapshotId,
      rootDeviceGiB: snapshot.sizeGiB,
      encrypted: snapshot.encrypted,
      source: { instanceId: sourceInstanceId },
    };
  });
  return [...published, ...own];
}

function imagesWith(ids: readonly string[], region: Region): Image[] {
  for (const id of ids) {
    if (!isId('ami', id)) throw new AwsFailure('InvalidAMIID.Malformed', `Invalid id: "${id}" (expecting "ami-...")`);
  }
  const images = imagesOf(region);
  const unknown = ids.filter((id) => !images.some((image) => image.id === id));
  if (unknown.length > 0) throw notFound(unknown);
  return images.filter(({ id }) => ids.includes(id));
}

function notFound(ids: readonly string[]): AwsFailure {
  const text = ids.length === 1 ? `The image id '[${ids[0]}]' does not exist` : `The image ids '[${ids.join(', ')}]' do not exist`;
  return new AwsFailure('InvalidAMIID.NotFound', text);
}

/** The same in every process, but different in every region. */
function idOf(region: string, name: string): string {
  return `0${createHash('sha256').update(`${region} ${name}`).digest('hex').slice(0, 16)}`;
}

function checkOwners(owners: readonly string[]): void {
  const unknown = owners.find((one) => !/^(self|amazon|aws-marketplace|aws-backup-vault|\d{12})$/.test(one));
  if (unknown !== undefined) throw new AwsFailure('InvalidUserID.Malformed', `Invalid user id: "${unknown}"`);
}

function described(image: Image): DescribedImage {
  return {
    ImageId: image.id,
    Name: image.name,
    Description: image.description,
    OwnerId: image.ownerId,
    ImageLocation: `${image.ownerId}/${image.name}`,
    ImageType: 'machine',
    Public: image.source === undefined,
    SourceInstanceId: image.source?.instanceId,
    State: image.state,
    Architecture: image.architecture,
    PlatformDetails: 'Linux/UNIX',
    UsageOperation: 'RunInstances',
    VirtualizationType: 'hvm',
    Hypervisor: 'xen',
    EnaSupport: true,
    SriovNetSupport: 'simple',
    RootDeviceType: 'ebs',
    RootDeviceName: rootDeviceName,
    BlockDeviceMappings: [
      {
        DeviceName: rootDeviceName,
        Ebs: {
          SnapshotId: image.snapshotId,
          VolumeSize: image.rootDeviceGiB,
          VolumeType: image.volumeType,
          DeleteOnTermination: image.deleteOnTermination,
          Encrypted: image.encrypted,
        },
      },
    ],
    CreationDate: image.createdAt,
    DeprecationTime: image.deprecatedAt,
    Tags: image.tags.length === 0 ? undefined : [...image.tags],
  };
}
