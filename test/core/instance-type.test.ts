import catalog from '@recode/embedded-aws/ec2/instance-types.json' with { type: 'json' };
import { expect, it } from 'vitest';
import { architectureFor } from '../../core/instance-type.ts';

// AWS's own description of all types that it has: local/src/ec2/catalog/README.md says where it comes from.
const types = catalog.types.map((type) => ({ ...catalog.usual, ...type }));

it('accepts of all types that AWS has those sold on demand with an EBS root volume and HVM on amd64 or arm64', () => {
  const accepted = types.filter(
    ({ architectures, usageClasses, rootDeviceTypes, virtualizationTypes }) =>
      /"(x86_64|arm64)"/.test(JSON.stringify(architectures)) &&
      usageClasses.includes('on-demand') &&
      rootDeviceTypes.includes('ebs') &&
      virtualizationTypes.includes('hvm'),
  );
  expect(types.length).toBeGreaterThan(1000);
  expect(types.length - accepted.length).toBeGreaterThan(0);
  for (const type of types) {
    if (!accepted.includes(type)) expect(() => architectureFor(type), type.name).toThrow(`${type.name} cannot hold an environment: `);
    // Where a type boots 32-bit images too, ours has 64 bits.
    else expect(architectureFor(type), type.name).toBe(type.architectures.find((name) => name !== 'i386'));
  }
});

const good = {
  name: 'x1.large',
  architectures: ['x86_64'],
  usageClasses: ['on-demand', 'spot'],
  rootDeviceTypes: ['ebs', 'instance-store'],
  virtualizationTypes: ['hvm', 'paravirtual'],
};

it.each([
  ['is sold by the hour block only', { usageClasses: ['capacity-block', 'spot'] }, 'it is not sold on demand'],
  ['boots paravirtual images only', { virtualizationTypes: ['paravirtual'] }, 'it boots no HVM image'],
  ['has an instance store alone', { rootDeviceTypes: ['instance-store'] }, 'it has no EBS root volume'],
  ['has 32 bits', { architectures: ['i386'] }, 'its architecture is i386, not amd64 or arm64'],
  [
    'boots Apple silicon, as spot',
    { architectures: ['arm64_mac'], usageClasses: ['spot'] },
    'it is not sold on demand; its architecture is arm64_mac, not amd64 or arm64',
  ],
])('refuses a type that %s', (_, differs, problems) => {
  expect(architectureFor(good)).toBe('x86_64');
  expect(() => architectureFor({ ...good, ...differs })).toThrow(`x1.large cannot hold an environment: ${problems}.`);
});
