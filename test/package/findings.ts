import { CelEngine, TemplateFile } from '@aws/cloudformation-validate';

/** The warnings that we live with, and why. */
export const tolerated: Readonly<Record<string, string>> = {
  W3005: 'Serverless lets a function depend on its role, although it refers to it.',
  W8003: 'Serverless fills in its parameters itself, so that a condition on one is decided when CloudFormation sees it.',
};

/** What AWS's validator has against a template, from warnings on. */
export function findingsOf(template: string): { readonly rule: string; readonly text: string }[] {
  const engine = new CelEngine();
  try {
    const { status, diagnostics } = engine.validateStandard(new TemplateFile(template), { severityLevel: 'WARN' });
    if (status !== 'OK') throw new Error(`The validation of ${template} ended as ${status}.`);
    return diagnostics.map(({ ruleId, severity, entity, message }) => ({
      rule: ruleId,
      text: `${severity} ${ruleId} ${entity?.logicalId}: ${message}`,
    }));
  } finally {
    engine.free();
  }
}

/** Those of them that we do not live with; `rules` are tolerated besides. */
export function faultsOf(template: string, rules: readonly string[] = []): string[] {
  return findingsOf(template).flatMap(({ rule, text }) => (rule in tolerated || rules.includes(rule) ? [] : [text]));
}
