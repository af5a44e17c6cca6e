import type { ChatRequest, Lost } from '@llm-proxy-auth/plugin';

/** What the service would take on its own is some twenty tokens; the older models take no more than this. */
const STANDARD = 4_000;
/** What thinks needs more: thoughts count, and every model of OpenAI can say as much. */
const THINKING = 16_384;
/** Models of OpenAI that think refuse `maxTokens`; those with open weights keep it. */
const COMPLETION = /^openai\.(?!gpt-oss)/;
/** The limit of an answer, always said. */
export const limitOf = (r: ChatRequest, model: string, lost: Lost): { readonly maxTokens?: number; readonly maxCompletionTokens?: number } => {
  const completion = COMPLETION.test(model);
  if (r.maxTokens !== undefined) return completion ? { maxCompletionTokens: r.maxTokens } : { maxTokens: r.maxTokens };
  const most = completion ? THINKING : STANDARD;
  lost('maxTokens', `the provider would end after a few words; ${most} is asked for`, 'defaulted');
  return completion ? { maxCompletionTokens: most } : { maxTokens: most };
};
