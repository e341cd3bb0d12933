import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import * as v from 'valibot';
import type { Template } from '../stack/template.ts';
import { UnsupportedTemplate } from '../stack/unsupported.ts';

/** A function of the packaged stack. */
export interface StackFunction {
  readonly name: string;
  readonly arn: string;
  /** Without a role, the function may do everything. */
  readonly roleArn?: string | undefined;
  /** `<file>.<export>` inside the zip. */
  readonly handler: string;
  readonly zipFile: string;
  readonly timeoutSeconds: number;
  readonly memoryMegabytes: number;
  readonly environment: Readonly<Record<string, string>>;
}

const whole = v.pipe(v.number(), v.integer());
const Text = v.pipe(v.union([v.string(), v.number(), v.boolean()]), v.transform(String));
const Properties = v.strictObject({
  FunctionName: v.string(),
  Handler: v.string(),
  Code: v.strictObject({ S3Key: v.string() }),
  Role: v.optional(v.string()),
  Timeout: v.optional(whole, 3),
  MemorySize: v.optional(whole, 128),
  Environment: v.optional(v.strictObject({ Variables: v.record(v.string(), Text) }), { Variables: {} }),
});

/** Reads the functions of the packaged stack, whose zips are in `packageDirectory`. Throws `UnsupportedTemplate`. */
export function readFunctions(template: Template, packageDirectory: string): StackFunction[] {
  const ignored = ['Architectures', 'Code.S3Bucket', 'Runtime', 'TracingConfig'];
  return template.resources('AWS::Lambda::Function', Properties, ignored).map(([id, properties]) => {
    const zipFile = join(packageDirectory, basename(properties.Code.S3Key));
    if (!existsSync(zipFile)) throw new UnsupportedTemplate(`${id}.Code`, `there is no file ${zipFile}; package the stack again`);
    return {
      name: properties.FunctionName,
      arn: template.arnOf(id),
      roleArn: properties.Role,
      handler: properties.Handler,
      zipFile,
      timeoutSeconds: properties.Timeout,
      memoryMegabytes: properties.MemorySize,
      environment: properties.Environment.Variables,
    };
  });
}
