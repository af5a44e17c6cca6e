import { channel } from 'node:diagnostics_channel';
import { type AuthStrategy, define, type Plugin, type SecondFactor } from '@llm-proxy-auth/plugin';

const config = {
  type: 'object',
  properties: {
    from: { type: 'string', description: '`certificate`, or the header of a proxy.' },
    also: { type: 'boolean', default: false, description: 'Every caller must come through this gate too.' },
  },
  required: ['from'],
  additionalProperties: false,
} as const;
type Answer = Awaited<ReturnType<SecondFactor['verify']>>;
const ANSWERS: Readonly<Record<string, Answer>> = {
  '': { is: 'denied', code: 'totp_required' },
  right: { is: 'done' },
  backup: { is: 'done', by: 'backup-code' },
  used: { is: 'denied', code: 'totp_used' },
  wrong: { is: 'denied', code: 'invalid_credentials' },
  locked: { is: 'denied', code: 'invalid_credentials', retryAfterMs: 30_000 },
  away: { is: 'unavailable', retryAfterMs: 2_000 },
};
/** `late` is right once whoever listens to `acme-gate` says so. */
const answerTo = async (code: string): Promise<Answer> => {
  if (code !== 'late') return ANSWERS[code] ?? failing();
  await new Promise((go) => channel('acme-gate').publish(go));
  return { is: 'done' };
};
const failing = (): never => {
  throw new Error('the factor is broken');
};
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
          const factor = value.startsWith('two-') ? 'needed' : 'none';
          const principal = { id, owner: id, strategy: 'gate', credential: value, groups: [], scopes: ['metrics', 'admin'], factor } as const;
          return { is: 'principal', principal, cacheUntil: Number.MAX_SAFE_INTEGER, epoch: 0 };
        },
      }),
    }),
  },
  factors: {
    gate: define<SecondFactor>()({
      summary: 'A code that is its own answer',
      config: { type: 'object', properties: {}, additionalProperties: false },
      create: () => ({ header: 'X-TOTP-Code', verify: (_principal, code) => answerTo(code) }),
    }),
  },
  admin: [
    {
      name: 'gate.keep',
      summary: 'Encrypts a text, or decrypts what it made of one.',
      scope: 'admin',
      input: { type: 'object' },
      output: { type: 'object' },
      async run(input, _caller, { encryption }) {
        const { plain, text, place = 'here' } = input as { readonly plain?: string; readonly text?: string; readonly place?: string };
        if (plain !== undefined) return { text: encryption?.encrypt(place, Buffer.from(plain)) };
        const opened = encryption?.decrypt(place, text ?? '');
        return { plain: opened === undefined ? undefined : Buffer.from(opened).toString(), current: encryption?.isCurrent(text ?? '') };
      },
    },
  ],
};
export default plugin;
