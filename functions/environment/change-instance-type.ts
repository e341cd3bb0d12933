import { type _InstanceType, ModifyInstanceAttributeCommand } from '@aws-sdk/client-ec2';
import * as v from 'valibot';
import { describeInstances } from '../../aws/ec2/resources.ts';
import { isFinal, unless } from '../../aws/errors.ts';
import { change } from '../../aws/records/hold/environment.ts';
import { dynamodb, ec2 } from '../../aws/step/clients.ts';
import { lambdaHandler, step } from '../../aws/step/step.ts';
import { notStopped } from '../../core/changes.ts';
import { FoundPlan, HeldEnvironment, TypePlan } from '../../core/document.ts';
import { RecodeError } from '../../core/errors.ts';
import { Operation } from '../../core/operation.ts';

/**
 * Gives a stopped instance the type that is wanted. PlanStart has checked that it fits, and recorded it. If EC2 refuses it, the type that the
 * instance has is wanted again: the next start works without it.
 */
export const changeInstanceType = step({
  input: v.object({
    environment: HeldEnvironment,
    operation: Operation,
    plan: TypePlan,
  }),
  output: FoundPlan,
  uses: { dynamodb, ec2 },
  async run({ environment, operation, plan: { typeChange, ...plan } }, { dynamodb, ec2 }) {
    const { from, to } = typeChange;
    const wantType = (instanceType: string) => change(dynamodb, environment, operation, { set: { 'wanted.instanceType': instanceType } });
    const input = { InstanceId: plan.instanceId, InstanceType: { Value: to as _InstanceType } };
    const answer = await unless('wrong-state', ec2.send(new ModifyInstanceAttributeCommand(input))).catch(async (error: unknown) => {
      if (isFinal(error)) await wantType(from);
      throw error;
    });
    if (!answer) {
      const [instance] = await describeInstances(ec2, [{ Name: 'instance-id', Values: [plan.instanceId] }]);
      // An earlier attempt may have changed it, and somebody may have started it since.
      if (instance?.InstanceType !== to) {
        const state = instance?.State?.Name;
        if (state === 'stopping' || state === 'stopped')
          throw new RecodeError(
            'InstanceStillStopping',
            `The instance ${plan.instanceId} is ${state}, and its type cannot be changed yet.`,
          );
        await wantType(from);
        throw notStopped(environment.repository, from, to);
      }
    }
    // An attempt that was refused before this one has wanted the former type again.
    await wantType(to);
    return { ...plan, formerType: from };
  },
});

export const handler = lambdaHandler(changeInstanceType);
