import { CreateTagsCommand, ModifyNetworkInterfaceAttributeCommand, type Tag } from '@aws-sdk/client-ec2';
import * as v from 'valibot';
import { findInstances, findNetworkInterfaces, findVolumes } from '../../aws/ec2/resources.ts';
import { ec2 } from '../../aws/step/clients.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { HeldEnvironment, Nothing } from '../../core/document.ts';
import { type EnvironmentResource, resourceName } from '../../core/names.ts';
import { hasTags, nameTags } from '../../core/tags.ts';

/** Ensures that the instance, its volume and its network interface have the environment's name in their tags, and the interface as its description. */
export const renameResources = step({
  input: v.object({ environment: HeldEnvironment }),
  output: Nothing,
  uses: { ec2 },
  async run({ environment }, { ec2 }) {
    const [instances, volumes, interfaces] = await Promise.all([
      findInstances(ec2, environment),
      findVolumes(ec2, environment),
      findNetworkInterfaces(ec2, environment),
    ]);
    const ensure = async (resource: EnvironmentResource, found: readonly { id: string | undefined; tags: Tag[] | undefined }[]) => {
      const tags = nameTags(environment, resource);
      const lacking = found.flatMap(({ id, tags: present }) => (id === undefined || hasTags(present, tags) ? [] : [id]));
      if (lacking.length > 0) await ec2.send(new CreateTagsCommand({ Resources: lacking, Tags: tags }));
    };
    await ensure(
      'instance',
      instances.map(({ InstanceId, Tags }) => ({ id: InstanceId, tags: Tags })),
    );
    await ensure(
      'volume',
      volumes.map(({ VolumeId, Tags }) => ({ id: VolumeId, tags: Tags })),
    );
    await ensure(
      'network-interface',
      interfaces.map(({ NetworkInterfaceId, TagSet }) => ({ id: NetworkInterfaceId, tags: TagSet })),
    );
    const description = resourceName(environment.name, 'network-interface');
    for (const { NetworkInterfaceId, Description } of interfaces) {
      if (Description === description) continue;
      await ec2.send(new ModifyNetworkInterfaceAttributeCommand({ NetworkInterfaceId, Description: { Value: description } }));
    }
  },
});

export const handler = lambdaHandler(renameResources);
