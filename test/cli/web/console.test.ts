import { describe, expect, it } from 'vitest';
import { executionPage, instancePage, instancesPage } from '../../../cli/web/console.ts';

const arn = 'arn:aws:states:eu-west-3:123456789012:execution:recode-start:0b7c';

describe('the pages of the console', () => {
  // The addresses that the console itself shows; the domains are those of the guides of AWS GovCloud (US) and of AWS in China.
  it.each([
    ['aws', 'eu-west-3', 'https://console.aws.amazon.com/ec2/home?region=eu-west-3#InstanceDetails:instanceId=i-1'],
    ['aws-us-gov', 'us-gov-west-1', 'https://console.amazonaws-us-gov.com/ec2/home?region=us-gov-west-1#InstanceDetails:instanceId=i-1'],
    ['aws-cn', 'cn-north-1', 'https://console.amazonaws.cn/ec2/home?region=cn-north-1#InstanceDetails:instanceId=i-1'],
  ])('are in the domain of the partition %s', (partition, region, url) => {
    expect(instancePage({ partition, region }, 'i-1')).toBe(url);
  });

  it('have the list of instances, and an execution', () => {
    const place = { partition: 'aws', region: 'eu-west-3' };
    expect(instancesPage(place)).toBe('https://console.aws.amazon.com/ec2/home?region=eu-west-3#Instances:search=recode-');
    expect(executionPage(place, arn)).toBe(`https://console.aws.amazon.com/states/home?region=eu-west-3#/v2/executions/details/${arn}`);
  });

  it('encode what a record says', () => {
    expect(instancePage({ partition: 'aws', region: 'a&b' }, '"i ;1&')).toBe(
      'https://console.aws.amazon.com/ec2/home?region=a%26b#InstanceDetails:instanceId=%22i%20%3B1%26',
    );
  });

  it.each(['aws-iso', 'toString'])('are refused for a partition whose console is not known: %s', (partition) => {
    expect(() => instancesPage({ partition, region: 'us-iso-east-1' })).toThrow(`in the partition ${partition} is not known`);
  });
});
