import { DescribeImagesCommand, type DescribeImagesCommandInput } from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { refusal, startEc2, type TestEc2 } from './server.ts';

let ec2: TestEc2;
beforeAll(async () => {
  ec2 = await startEc2();
});
afterAll(() => ec2.stop());

const canonical = '099720109477';
const noble = 'ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-*';
const images = async (input: DescribeImagesCommandInput, region = 'us-east-1') =>
  (await ec2.clientOf(region).send(new DescribeImagesCommand(input))).Images ?? [];
const named = (name: string) => ({ Owners: [canonical], Filters: [{ Name: 'name', Values: [name] }] });

describe('DescribeImages', () => {
  it("finds Canonical's images of an architecture by name", async () => {
    const found = await images(named(noble));
    expect(found.length).toBeGreaterThan(2);
    for (const image of found) expect(image).toMatchObject({ OwnerId: canonical, Architecture: 'x86_64', RootDeviceName: '/dev/sda1' });
    expect(found[0]?.BlockDeviceMappings?.[0]?.Ebs).toMatchObject({ VolumeSize: 8, SnapshotId: expect.stringMatching(/^snap-0/) });
    const [arm] = await images(named(noble.replace('amd64', 'arm64')));
    expect(arm).toMatchObject({ Architecture: 'arm64' });
  });

  it('shows deprecated images only on request', async () => {
    const [usual, all] = [await images(named(noble)), await images({ ...named(noble), IncludeDeprecated: true })];
    expect(all.length).toBeGreaterThan(usual.length);
    const hidden = all.find(({ ImageId }) => !usual.some((image) => image.ImageId === ImageId));
    expect(Date.parse(hidden?.DeprecationTime ?? '')).toBeLessThan(Date.now());
    expect(await images({ ImageIds: [hidden?.ImageId ?? ''] })).toHaveLength(1);
  });

  it('shows images that are not available yet', async () => {
    const states = (await images(named(noble))).map(({ State }) => State);
    expect(new Set(states)).toEqual(new Set(['available', 'pending']));
    const available = await images({ Filters: [...named(noble).Filters, { Name: 'state', Values: ['available'] }] });
    expect(available).toHaveLength(states.filter((state) => state === 'available').length);
  });

  it('has no images of other owners', async () => {
    expect(await images({ Owners: ['self'] })).toEqual([]);
    expect(await images({ Owners: ['123456789012'] })).toEqual([]);
    expect(await refusal(images({ Owners: ['canonical'] }))).toMatchObject({ code: 'InvalidUserID.Malformed' });
  });

  it('gives an image another ID in each region, and refuses the ID elsewhere', async () => {
    const [here] = await images(named(noble));
    const [there] = await images(named(noble), 'eu-west-1');
    expect(here?.Name).toBe(there?.Name);
    expect(here?.ImageId).not.toBe(there?.ImageId);
    const id = here?.ImageId ?? '';
    expect(await refusal(images({ ImageIds: [id] }, 'eu-west-1'))).toEqual({
      code: 'InvalidAMIID.NotFound',
      message: `The image id '[${id}]' does not exist`,
      status: 400,
    });
    expect(await refusal(images({ ImageIds: ['ubuntu'] }))).toMatchObject({ code: 'InvalidAMIID.Malformed' });
  });

  it('refuses unsupported parameters', async () => {
    expect(await refusal(images({ ExecutableUsers: ['self'] }))).toMatchObject({ code: 'UnsupportedOperation' });
    expect(await refusal(images({ Filters: [{ Name: 'platform', Values: ['windows'] }] }))).toMatchObject({ code: 'UnsupportedOperation' });
  });
});
