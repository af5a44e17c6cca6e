import type { Call, ChatRequest } from '@llm-proxy-auth/plugin';
import { familyOf } from '../families.ts';
import { bringsReasoning } from '../responses/reasoning.ts';

/** What a model may be found to refuse: the Responses API as a whole. */
export const RESPONSES = 'responses';
/** The least that Responses take as limit of an answer. */
const LEAST_OUTPUT = 16;

/** Members of chat that Responses have not, where the model takes them in chat. */
const needsChat = ({ choices, maxTokens, stop = [], sampling, prediction, webSearch }: ChatRequest, rejects: readonly string[]): boolean =>
  choices > 1 ||
  (maxTokens !== undefined && maxTokens < LEAST_OUTPUT) ||
  (stop.length > 0 && !rejects.includes('stop')) ||
  sampling?.seed !== undefined ||
  prediction !== undefined ||
  webSearch !== undefined;
/**
 * Chat completions neither show reasoning nor take it back. A conversation that wants it shown, or brings it, is for the Responses API where
 * the vendor's model reasons and nothing else of it is lost there.
 */
export const yields = (request: ChatRequest, call: Call): boolean => {
  const { reasoning } = request;
  const shown = reasoning?.off !== true && reasoning?.summary !== undefined;
  if (!shown && !bringsReasoning(request)) return false;
  const { efforts = [], limit, rejects } = familyOf(call.like ?? call.model);
  const reasons = efforts.length > 0 && limit === 'max_completion_tokens' && call.rejects?.includes('reasoning_effort') !== true;
  return reasons && call.refused?.has(RESPONSES) !== true && !needsChat(request, call.rejects ?? rejects);
};
