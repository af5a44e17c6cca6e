import { type AuthStrategy, define, type Plugin } from '@llm-proxy-auth/plugin';

const config = {
  type: 'object',
  properties: {
    from: { type: 'string', description: '`certificate`, or the header of a proxy.' },
    also: { type: 'boolean', default: false, description: 'Every caller must come through this gate too.' },
  },
  required: ['from'],
  additionalProperties: false,
} as const;
const NAME = /^[a-z0-9-]+$/;

const plugin: Plugin = {
  name: '@acme/auth-gate',
  api: 1,
  auth: {
    gate: define<AuthStrategy>()({
      summary: 'Whoever a certificate or a proxy names',
      config,
      create: ({ from, also = false }) => ({
        slots: [from === 'certificate' ? 'certificate' : 'proxy'],
        challenge: '',
        issued: true,
        alsoRequired: also,
        authenticate({ credential: { slot, header, value }, peer, headers }) {
          if (slot !== 'certificate' && header !== from) return { is: 'not-mine' };
          const leaked = headers.some((h) => h === header) || (slot === 'certificate' && peer.certificate === undefined);
          if (leaked || !NAME.test(value)) return { is: 'denied', reason: 'no such name' };
          const id = `gate:${value}`;
          const principal = { id, owner: id, strategy: 'gate', credential: value, groups: [], scopes: [], factor: 'none' } as const;
          return { is: 'principal', principal, cacheUntil: Number.MAX_SAFE_INTEGER, epoch: 0 };
        },
      }),
    }),
  },
};
export default plugin;
