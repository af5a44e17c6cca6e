import { type AuthStrategy, define, type Plugin } from '@llm-proxy-auth/plugin';

/** `crowd.<name>.<group>.<group>…` is believed as it stands. */
const FORM = /^crowd\.([a-z0-9-]+)((?:\.[a-z0-9-]+)*)$/;

const plugin: Plugin = {
  name: '@acme/auth-crowd',
  api: 1,
  auth: {
    crowd: define<AuthStrategy>()({
      summary: 'Anybody who says so',
      config: { type: 'object', properties: {}, additionalProperties: false },
      create: () => ({
        slots: ['bearer'],
        challenge: 'Bearer realm="crowd"',
        issued: false,
        authenticate({ credential: { value } }) {
          const [, name, groups] = FORM.exec(value) ?? [];
          if (name === undefined || groups === undefined) return { is: 'not-mine' };
          const id = `crowd:${name}`;
          const principal = { id, owner: id, strategy: 'crowd', credential: name, groups: groups.split('.').slice(1), scopes: [], factor: 'none' } as const;
          return { is: 'principal', principal, cacheUntil: Number.MAX_SAFE_INTEGER, epoch: 0 };
        },
      }),
    }),
  },
};
export default plugin;
