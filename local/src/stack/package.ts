import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { createResolver, type Resolver, type TemplateResource, UnsupportedTemplate } from './template.ts';

/** The CloudFormation template of a packaged stack, as it would be deployed in one account and region. */
export interface Package {
  readonly resolver: Resolver;
  /** The resources of a type with their logical ids; without those whose condition does not hold. */
  ofType(type: string): readonly (readonly [id: string, resource: TemplateResource])[];
}

/** Reads the CloudFormation template of the packaged stack in `packageDirectory`. Throws `UnsupportedTemplate`. */
export function openPackage(packageDirectory: string, place: { accountId: string; region: string }): Package {
  const template = readTemplate(packageDirectory);
  const resolver = createResolver(template, place);
  const resources = Object.entries(template.Resources);
  const exists = (id: string, { Condition }: TemplateResource) => Condition === undefined || resolver.holds(Condition, id);
  return {
    resolver,
    ofType: (type) => resources.filter(([id, resource]) => resource.Type === type && exists(id, resource)),
  };
}

const Template = v.object({
  Conditions: v.optional(v.record(v.string(), v.unknown()), {}),
  Parameters: v.optional(v.record(v.string(), v.object({ Default: v.optional(v.union([v.string(), v.number(), v.boolean()])) })), {}),
  Resources: v.record(
    v.string(),
    v.object({
      Type: v.string(),
      Condition: v.optional(v.string()),
      Properties: v.optional(v.record(v.string(), v.unknown()), {}),
    }),
  ),
});

function readTemplate(packageDirectory: string): v.InferOutput<typeof Template> {
  const file = join(packageDirectory, 'cloudformation-template-update-stack.json');
  try {
    return v.parse(Template, JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    throw new UnsupportedTemplate(file, (error as Error).message);
  }
}
