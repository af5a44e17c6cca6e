import type { Terminal } from './terminal.ts';

type Environment = Terminal['env'];
const PLUGINS = Object.freeze(
  ['dialect-openai', 'dialect-anthropic', 'dialect-converse', 'provider-bedrock', 'auth-api-key', 'store-sqlite'].map((name) => `@llm-proxy-auth/${name}`),
);
const LOOPBACK = /^http:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?(\/|$)/;
const has = (env: Environment, name: string): boolean => (env[name] ?? '') !== '';

/**
 * What the variables of the earlier gateway stand for where there is no file: one Bedrock instance, and the keys `API_KEY_*`. The other
 * variables (`PORT`, `TLS_*`, `AWS_REGION`, `LOG_LEVEL`, `REQUIRE_2FA`) are defaults of what this leaves out. Undefined when they do
 * not say who may call.
 */
export const earlierConfiguration = (env: Environment): string | undefined => {
  const keys = Object.keys(env).some((name) => name.startsWith('API_KEY_') && has(env, name));
  if (!keys && !has(env, 'AUTH_ENABLED')) return undefined;
  const local = LOOPBACK.test(env.AWS_ENDPOINT_URL_BEDROCK_RUNTIME ?? '');
  return JSON.stringify({
    plugins: PLUGINS,
    ...(env.AUTH_ENABLED === 'false' ? {} : { auth: [{ use: 'api-key', ...(keys ? { keys: { env: 'API_KEY_*' } } : {}) }] }),
    instances: { bedrock: { provider: 'bedrock', ...(local ? { insecureUpstream: true } : {}) } },
  });
};
