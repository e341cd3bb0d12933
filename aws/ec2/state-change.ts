import * as v from 'valibot';

/**
 * The event by which EventBridge tells that an instance has entered a state, as far as we read it.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-state-changes.html
 */
export const InstanceStateChange = v.object({
  /** When it entered it, in whole seconds (ISO 8601). */
  time: v.pipe(v.string(), v.isoTimestamp()),
  detail: v.object({
    'instance-id': v.string(),
    state: v.picklist(['pending', 'running', 'stopping', 'stopped', 'shutting-down', 'terminated']),
  }),
});
export type InstanceStateChange = v.InferOutput<typeof InstanceStateChange>;
