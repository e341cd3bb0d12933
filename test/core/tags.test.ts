import { expect, it } from 'vitest';
import { belongingOf, belongingTags, environmentTags, tagKey } from '../../core/tags.ts';

// The characters allowed across all AWS services: https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html
const allowed = /^[\p{L}\p{N}\p{Z}+\-=._:/@]{0,256}$/u;

it.each(['alice', 'smith,john', 'role:Developer:smith,john', 'carol+a=b.c_d-e@example.com'])(
  'gives %s a tag that every service of AWS takes',
  (owner) => {
    const tag = belongingTags({ name: 'acme-api', owner, repository: 'acme/api' }).find(({ Key }) => Key === tagKey.owner);
    expect(tag?.Value).toMatch(allowed);
    expect(tag?.Value.replaceAll('/', ',')).toBe(owner);
  },
);

it.each(['alice', 'smith,john', 'role:Developer:smith,john'])('finds in the tags of a resource that it is one of %s', (owner) => {
  const environment = { name: 'acme-api', owner, repository: 'acme/api' };
  const tags = environmentTags(environment, 'instance');
  expect(belongingOf([{ Key: 'team', Value: 'platform' }, ...tags])).toEqual(environment);
  for (const { Key } of belongingTags(environment)) expect(belongingOf(tags.filter((tag) => tag.Key !== Key))).toBeUndefined();
});

it('gives no two owners the same tag', () => {
  // IAM allows a comma in the names of users, roles and sessions.
  const owners = ['role:Developer:alice', 'role,Developer,alice', 'user:alice@example.com', 'user,alice@example.com'];
  const tags = owners.map((owner) =>
    belongingTags({ name: 'acme-api', owner, repository: 'acme/api' }).find(({ Key }) => Key === tagKey.owner),
  );
  expect(new Set(tags.map((tag) => tag?.Value))).toHaveLength(owners.length);
});
