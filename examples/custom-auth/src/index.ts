import { createHmac, timingSafeEqual } from 'node:crypto';
import { type AuthResult, type AuthStrategy, define, type Host, type Plugin, Secret } from '@llm-proxy-auth/plugin';
import { type Static, Type } from 'typebox';

const Config = Type.Object({ secret: Secret({ description: 'Signs badges; at least 32 characters.' }) }, { additionalProperties: false });
const form = /^badge\.([a-z0-9-]{1,64})\.([0-9]{1,12})\.([0-9a-f]{64})$/;
const believedMs = 30_000;

/** HMAC-SHA-256 of what is before the last dot, in hex. */
const signatureOf = (text: string, secret: string): Buffer => createHmac('sha256', secret).update(text).digest();
/** `badge.<name>.<end in epoch seconds>.<signature>` for whoever holds the secret. */
export const issue = (name: string, end: number, secret: string): string =>
  `badge.${name}.${end}.${signatureOf(`badge.${name}.${end}`, secret).toString('hex')}`;

const judge = async (value: string, secret: Secret, host: Host): Promise<AuthResult> => {
  const [, name, seconds, sent] = form.exec(value) ?? [];
  if (name === undefined || seconds === undefined || sent === undefined) return { is: 'denied', reason: 'malformed' };
  const right = signatureOf(`badge.${name}.${seconds}`, await host.secret(secret));
  if (!timingSafeEqual(right, Buffer.from(sent, 'hex'))) return { is: 'denied', reason: 'signature' };
  const now = host.now();
  const expires = Number(seconds) * 1000;
  if (expires <= now) return { is: 'denied', reason: 'expired' };
  const id = `badge:${name}`;
  const principal = { id, owner: id, strategy: 'badge', credential: name, groups: [], scopes: [], factor: 'none', expires } as const;
  return { is: 'principal', principal, cacheUntil: Math.min(now + believedMs, expires), epoch: 0 };
};

const create = ({ secret }: Static<typeof Config>, host: Host): AuthStrategy => ({
  slots: ['bearer'],
  challenge: 'Bearer realm="badge"',
  issued: false,
  authenticate({ credential: { slot, value } }) {
    if (slot !== 'bearer' || !value.startsWith('badge.')) return { is: 'not-mine' };
    return judge(value, secret, host).catch((): AuthResult => ({ is: 'unavailable', reason: 'no secret', retryAfterMs: 1000 }));
  },
});

const plugin: Plugin = {
  name: '@acme/auth-badge',
  api: 1,
  auth: { badge: define<AuthStrategy>()({ summary: 'Badges: names with an end, signed with a shared secret', config: Config, create }) },
};
export default plugin;
