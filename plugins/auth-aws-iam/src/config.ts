import { BaseUrl } from '@llm-proxy-auth/plugin';
import { type Static, Type } from 'typebox';
import { ALLOW } from './allow.ts';

export const config = Type.Object(
  {
    gatewayId: Type.String({
      pattern: '^[A-Za-z0-9._-]{1,128}$',
      description: 'Name of this gateway. Callers sign it, so that a token for one gateway is none for another; give each its own.',
      examples: ['prod'],
    }),
    regions: Type.Array(Type.String({ pattern: '^[a-z]{2,}(-[a-z0-9]+)+$' }), {
      minItems: 1,
      description: 'Regions whose token service may be asked; the global host counts as one of us-east-1.',
      examples: [['us-east-1', 'eu-west-1']],
    }),
    allow: Type.Array(Type.String({ pattern: ALLOW }), {
      minItems: 1,
      description:
        'Who is let in: an account and `role/NAME`, `permission-set/NAME`, `user/NAME`, `federated-user/NAME` (`*` stands for any characters) or `root`; `#AROA…` behind a name asks for that unique id too.',
      examples: [['123456789012:role/app-*', '123456789012:permission-set/Developers']],
    }),
    oneTime: Type.Boolean({
      default: false,
      description: 'Takes a token once: callers sign a nonce (`x-lpa-nonce`), which is remembered for 16 minutes. Every request then asks AWS.',
    }),
    endpoint: Type.Optional(
      BaseUrl({
        description: 'Other place that questions to the token service are sent to, such as a VPC endpoint. Tokens still name a host of AWS.',
        examples: ['https://vpce-0123456789abcdef0-abcdefgh.sts.us-east-1.vpce.amazonaws.com'],
      }),
    ),
    insecureEndpoint: Type.Boolean({ default: false, description: 'Lets `endpoint` be plain http, for tests.' }),
  },
  { additionalProperties: false },
);
export type Config = Static<typeof config>;
