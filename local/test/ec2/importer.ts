// Imports key pairs until it is killed, with a dot on stdout for each. state.test.ts counts the dots.
import { createClock } from '../../src/clock.ts';
import { createEc2 } from '../../src/ec2/ec2.ts';
import { createInstanceHost } from '../../src/instance-host/instance-host.ts';

const [, , stateDirectory = ''] = process.argv;
const clock = createClock();
const instances = createInstanceHost({ stateDirectory, clock });
const ec2 = createEc2({ accountId: '000000000000', clock, stateDirectory, instances });
const PublicKeyMaterial = btoa('ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKwN8xVPtL8hk1Yl8hCzZMmXy6GxSOPMxVgTKIvQmJqV');
// With long tags, so that the state is also written as a whole again.
const tags = Object.fromEntries(
  Array.from({ length: 20 }, (_, n) => [
    [`TagSpecification.1.Tag.${n + 1}.Key`, `key-${n}`],
    [`TagSpecification.1.Tag.${n + 1}.Value`, 'x'.repeat(256)],
  ]).flat(),
);

for (let n = 0; ; n += 1) {
  const parameters = { Action: 'ImportKeyPair', Version: '2016-11-15', KeyName: `key-${n}`, PublicKeyMaterial };
  const query = new URLSearchParams({ ...parameters, 'TagSpecification.1.ResourceType': 'key-pair', ...tags });
  const body = Buffer.from(query.toString());
  await ec2.handle({ id: '', method: 'POST', path: '/', headers: {}, body, accessKeyId: 'alice', region: 'us-east-1' });
  process.stdout.write('.');
}
