import { memoryStore } from '@llm-proxy-auth/contract-tests';
import openai from '@llm-proxy-auth/dialect-openai';
import { type AuthStrategy, type Counters, type Dialect, define, type Principal, type Store } from '@llm-proxy-auth/plugin';

const NOTHING = { type: 'object', properties: {}, additionalProperties: false };
const caller: Principal = { id: 'house:ann', owner: 'ann', strategy: 'house', credential: 'badge', groups: ['engineers'], scopes: [], factor: 'none' };

/** Lets in whoever says `house-token` or shows a certificate, as a member of the group `engineers`. */
export const auth = define<AuthStrategy>()({
  summary: 'One token for everybody of the house',
  config: NOTHING,
  create: () => ({
    slots: ['bearer', 'certificate'],
    challenge: 'Bearer realm="house"',
    issued: true,
    authenticate: ({ credential, ...r }) =>
      (credential.value === 'house-token' || credential.slot === 'certificate') && r.method !== ''
        ? { is: 'principal', principal: caller, cacheUntil: 0, epoch: 0 }
        : { is: 'not-mine' },
  }),
});
/** Forgets everything with the process. */
export const store = define<Store>()({ summary: 'A store in memory', config: NOTHING, create: memoryStore });
/** Refuses every claim. */
export const counters = define<Counters>()({
  summary: 'Counters that are always full',
  config: NOTHING,
  create: () => ({
    take: (claims) => (claims[0] === undefined ? { ok: true, lease: '' } : { ok: false, key: claims[0].key, remaining: 0, retryAfterMs: 1_000 }),
    beat: () => undefined,
    settle: () => undefined,
  }),
});
const known = openai.dialects?.openai;
if (known === undefined) throw new Error('dialect-openai has no dialect');
/** The same routes and bytes under another name. */
export const dialect = define<Dialect>()({
  summary: 'OpenAI under the name of the house',
  config: NOTHING,
  create: async (config, host) => ({ ...(await known.create(config, host)), name: 'house' }),
});
