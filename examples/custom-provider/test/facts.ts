import type { PluginFacts } from '@llm-proxy-auth/contract-tests';

export const facts: PluginFacts = {
  providers: { echo: { native: [{ method: 'POST', path: '/v1/chat/completions', bodyModel: 'echo-1', class: 'inference' }] } },
};
