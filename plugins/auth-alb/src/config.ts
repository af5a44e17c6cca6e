import { BaseUrl } from '@llm-proxy-auth/plugin';
import { claimGrants } from '@llm-proxy-auth/plugin/jwt';
import { type Static, Type } from 'typebox';

const text = (description: string) => Type.String({ minLength: 1, maxLength: 512, description });

export const config = Type.Object(
  {
    arns: Type.Array(text('`arn:aws:elasticloadbalancing:<region>:<account>:loadbalancer/app/<name>/<id>`'), {
      minItems: 1,
      description: 'Load balancers whose word counts, exactly; their region is where keys are asked for.',
    }),
    clientId: Type.Union([text('Client.'), Type.Array(text('Client.'), { minItems: 1 }), Type.Null()], {
      description: 'Client that the load balancer is to the identity provider; null accepts every client of these load balancers.',
    }),
    issuer: Type.Optional(text('Identity provider that the load balancer signs people in with, byte for byte.')),
    ...claimGrants,
    keys: Type.Optional(BaseUrl({ description: 'Where public keys are, in place of the public server of the region; required for `aws-cn`.' })),
    insecureKeys: Type.Boolean({ default: false, description: 'Lets that place speak plain http, on this machine alone.' }),
  },
  { additionalProperties: false },
);
export type Config = Static<typeof config>;
