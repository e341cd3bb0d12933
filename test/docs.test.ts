import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

const root = join(import.meta.dirname, '..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const pages = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...readdirSync(join(root, 'docs')).map((file) => `docs/${file}`)].filter(
  (path) => path.endsWith('.md'),
);

describe.each(pages)('%s', (page) => {
  it('links to pages and headings that there are', () => {
    for (const [, target = '', heading] of withoutCode(read(page)).matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g)) {
      const path = target === '' ? page : join(dirname(page), target);
      expect(existsSync(join(root, path)), `${target} in ${page}`).toBe(true);
      if (heading !== undefined) expect(anchorsOf(read(path)), `#${heading} of ${path}`).toContain(heading);
    }
  });
});

describe('docs/deploy.md', () => {
  const page = read('docs/deploy.md');

  it('explains each parameter, with its default', () => {
    const [, section = ''] = /\n## 2\. Choose parameters\n(.*?)\n## /s.exec(page) ?? [];
    const rows = [...section.matchAll(/^\| `(\w+)` \| (?:`([^`]*)`|empty)[^|]*\| .{20,} \|$/gm)].map(([, name, value = '']) => [
      name,
      value,
    ]);
    const parameters = parse(read('infra/parameters.yml')) as Record<string, { default: unknown }>;
    expect(rows).toEqual(Object.entries(parameters).map(([name, parameter]) => [name, String(parameter.default)]));
  });

  it('names in the policy of whoever deploys each service of which the stack has resources', () => {
    const [, text = ''] = /\n## Permissions to deploy\n.*?```json\n(.*?)```/s.exec(page) ?? [];
    const { Statement } = JSON.parse(text) as { Statement: { Action: string | string[] }[] };
    const allowed = new Set(Statement.flatMap(({ Action }) => Action).map((action) => action.split(':')[0]));
    const { Resources } = JSON.parse(read('dist/stack/cloudformation-template-update-stack.json')) as {
      Resources: Record<string, { Type: string }>;
    };
    const services = new Set(Object.values(Resources).map(({ Type }) => prefixOf(Type)));
    expect([...services, 'cloudformation'].filter((service) => !allowed.has(service))).toEqual([]);
    expect([...allowed].filter((service) => ![...services, 'cloudformation'].includes(service ?? ''))).toEqual([]);
  });
});

const withoutCode = (text: string) => text.replace(/```.*?```/gs, '').replace(/`[^`\n]*`/g, '');

/** The anchors that GitHub gives a page's headings. */
function anchorsOf(text: string): string[] {
  const headings = [...text.replace(/```.*?```/gs, '').matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => heading);
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** `AWS::StepFunctions::StateMachine` is a matter of `states:…` */
function prefixOf(type: string): string {
  const service = type.split('::')[1]?.toLowerCase() ?? '';
  return service === 'stepfunctions' ? 'states' : service;
}
