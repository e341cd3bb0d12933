import * as v from 'valibot';
import type { Template } from '../stack/template.ts';
import { requireJson, UnsupportedTemplate } from '../stack/unsupported.ts';

/** A state machine of the packaged stack. */
export interface StackStateMachine {
  readonly name: string;
  readonly arn: string;
  /** Without a role, the state machine may invoke every function. */
  readonly roleArn?: string | undefined;
  /** Amazon States Language as JSON, its placeholders substituted. */
  readonly definition: string;
}

const Properties = v.strictObject({
  StateMachineName: v.string(),
  StateMachineType: v.optional(v.literal('STANDARD')),
  RoleArn: v.optional(v.string()),
  DefinitionString: v.string(),
  DefinitionSubstitutions: v.optional(v.record(v.string(), v.string()), {}),
});

/** Reads the state machines of the packaged stack. Throws `UnsupportedTemplate`. */
export function readStateMachines(template: Template): StackStateMachine[] {
  const ignored = ['LoggingConfiguration', 'TracingConfiguration'];
  return template.resources('AWS::StepFunctions::StateMachine', Properties, ignored).map(([id, properties]) => {
    const where = `${id}.DefinitionString`;
    const { DefinitionSubstitutions: substitutions } = properties;
    const definition = properties.DefinitionString.replace(/\$\{(\w+)\}/g, (_, key: string) => {
      const substitution = Object.hasOwn(substitutions, key) ? substitutions[key] : undefined;
      if (substitution === undefined) throw new UnsupportedTemplate(where, `nothing substitutes \${${key}}`);
      return substitution;
    });
    requireJson(definition, where);
    return { name: properties.StateMachineName, arn: template.arnOf(id), roleArn: properties.RoleArn, definition };
  });
}
