import type { PluginFacts } from '@llm-proxy-auth/contract-tests';
import { newSchema, SERVER, secret } from './support.ts';

export const facts: PluginFacts = { stores: { postgres: { config: () => ({ url: secret(SERVER ?? ''), schema: newSchema() }), outlives: true } } };
