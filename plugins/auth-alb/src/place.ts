import { GatewayError } from '@llm-proxy-auth/plugin';
import type { Config } from './config.ts';

const LOOPBACK = /^http:\/\/(?:127\.[0-9]+\.[0-9]+\.[0-9]+|localhost|\[::1\])(?::[0-9]+)?(?:\/|$)/;
const ARN = /^arn:(aws|aws-cn|aws-us-gov):elasticloadbalancing:([a-z]{2}(?:-[a-z]+){1,3}-[0-9]):[0-9]{12}:loadbalancer\/app\/[A-Za-z0-9-]{1,32}\/[0-9a-f]{16}$/;

const refuse = (param: string, what: string): GatewayError => new GatewayError('invalid_request', `alb ${what}.`, { param });

/** AWS, "Authenticate users using an Application Load Balancer": where the keys of a region are. */
const publicPlace = (arn: string): string => {
  const [, partition = '', region = ''] = ARN.exec(arn) ?? [];
  if (partition === 'aws-us-gov') return `https://s3-${region}.amazonaws.com/aws-elb-public-keys-prod-${region}`;
  if (partition === 'aws-cn') throw refuse('keys', 'knows no place for the keys of China; write keys');
  return `https://public-keys.auth.elb.${region}.amazonaws.com`;
};
/** Where the key of each load balancer is asked for, by its ARN: never a place that a token names. Throws `invalid_request`. */
export const placesOf = ({ arns, keys, insecureKeys }: Config): ReadonlyMap<string, string> => {
  if (keys !== undefined && !keys.startsWith('https://') && !(insecureKeys && LOOPBACK.test(keys)))
    throw refuse('keys', 'asks for keys by https; plain http on this machine needs insecureKeys: true');
  const wrong = arns.find((arn) => !ARN.test(arn));
  if (wrong !== undefined) throw refuse('arns', 'has an ARN that is none of an application load balancer');
  return new Map(arns.map((arn) => [arn, keys ?? publicPlace(arn)]));
};
