import { createHmac, timingSafeEqual } from 'node:crypto';
import { type AuthResult, type AuthStrategy, define, type Factory, type Host, type Principal, Secret } from '@llm-proxy-auth/plugin';
import { Type } from 'typebox';
import type { AuthSubject, MadeAuth } from '../../src/index.ts';

/** A strategy that keeps every rule: signed tokens `acme.<name>.<end>.<signature>`, with a list of those taken back. */
const Config = Type.Object({ key: Secret({ description: 'Signs.' }) }, { additionalProperties: false });
interface Settings {
  readonly key: Secret;
}
const signature = (text: string, key: string): string => createHmac('sha256', key).update(text).digest('hex');
const form = /^acme\.([a-z]+)\.([0-9]+)\.([0-9a-f]{64})$/;
/** Doors that Acme has shut, by name. */
const SHUT = { method: 'GET', origin: 'https://doors.acme.test', path: '/shut', headers: [], body: undefined } as const;
const far = Date.UTC(2100, 0, 1);
export const token = (made: MadeAuth, name = 'alice', end = far): string => {
  const text = `acme.${name}.${end}`;
  return `${text}.${signature(text, (made.config as unknown as Settings).key.peek() ?? '')}`;
};
export const goodAuth = ({ key }: Settings, host: Host): AuthStrategy => {
  let epoch = 1;
  const judge = async (value: string): Promise<AuthResult> => {
    const [, name, end, sent] = form.exec(value) ?? [];
    if (name === undefined || end === undefined || sent === undefined) return { is: 'denied', reason: 'malformed' };
    const right = signature(`acme.${name}.${end}`, await host.secret(key));
    if (!timingSafeEqual(Buffer.from(right), Buffer.from(sent))) return { is: 'denied', reason: 'signature' };
    if (Number(end) <= host.now()) return { is: 'denied', reason: 'expired' };
    const { status, body } = await host.fetch({ ...SHUT, headers: [] });
    if (status !== 200) throw new Error(`the doors answered ${status}`);
    if ((JSON.parse(Buffer.from(body).toString()) as readonly string[]).includes(name)) return { is: 'denied', reason: 'shut' };
    const { epoch: now } = await host.store.changed(0);
    epoch = now + 1;
    if ((await host.store.get('revoked', sent)) !== undefined) return { is: 'denied', reason: 'revoked' };
    const principal = {
      id: `acme:${name}`,
      owner: name,
      strategy: 'acme',
      credential: `${name}.${end}`,
      groups: [],
      scopes: [],
      factor: 'none',
      expires: Number(end),
    } as const;
    return { is: 'principal', principal, cacheUntil: Math.min(host.now() + 30_000, Number(end)), epoch };
  };
  const current = async (credential: string): Promise<Principal | undefined> => {
    const text = `acme.${credential}`;
    const result = await judge(`${text}.${signature(text, await host.secret(key))}`);
    return result.is === 'principal' ? result.principal : undefined;
  };
  return {
    slots: ['bearer', 'api-key'],
    current,
    challenge: 'Bearer realm="acme"',
    issued: false,
    epoch: () => epoch,
    async authenticate({ credential: { slot, value } }) {
      if (slot !== 'bearer' && slot !== 'api-key') return { is: 'not-mine' };
      if (!value.startsWith('acme.')) return { is: 'not-mine' };
      return judge(value).catch((): AuthResult => ({ is: 'unavailable', reason: 'store', retryAfterMs: 1000 }));
    },
  };
};
export const authFactory = (change: (strategy: AuthStrategy, host: Host, config: Settings) => Partial<AuthStrategy> = () => ({})): Factory<AuthStrategy> =>
  define<AuthStrategy>()({
    summary: 'Acme tokens',
    config: Config,
    create: (config, host) => {
      const strategy = goodAuth(config, host);
      return { ...strategy, ...change(strategy, host, config) };
    },
  });
export const authSubject: AuthSubject = {
  kind: 'acme',
  factory: authFactory(),
  answer: () => ({ status: 200, headers: ['content-type', 'application/json'], body: Buffer.from('["mallory"]') }),
  valid: (made, expires) => ({ slot: 'bearer', value: token(made, 'alice', expires) }),
  denied: (made) => ({
    signature: { slot: 'bearer', value: `${token(made).slice(0, -4)}0000` },
    expired: { slot: 'bearer', value: token(made, 'alice', 1) },
    malformed: { slot: 'api-key', value: 'acme.x' },
  }),
  async revoke(made, { value }) {
    await made.host.store.commit([{ space: 'revoked', key: value.slice(-64), expect: 0, value: { json: 'true' } }]);
  },
};
