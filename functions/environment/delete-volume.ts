import { DeleteVolumeCommand } from '@aws-sdk/client-ec2';
import * as v from 'valibot';
import { deleteAll } from '../../aws/ec2/deletion.ts';
import { findVolumes } from '../../aws/ec2/resources.ts';
import { ec2 } from '../../aws/step/clients.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { HeldEnvironment, Nothing } from '../../core/document.ts';

/** Deletes volumes that outlived the instance. A root volume is deleted with it, unless someone detached it or changed that. */
export const deleteVolume = step({
  input: v.object({ environment: HeldEnvironment }),
  output: Nothing,
  uses: { ec2 },
  async run({ environment }, { ec2 }) {
    await deleteAll(
      () => findVolumes(ec2, environment),
      ({ VolumeId }) => ec2.send(new DeleteVolumeCommand({ VolumeId })),
    );
  },
});

export const handler = lambdaHandler(deleteVolume);
