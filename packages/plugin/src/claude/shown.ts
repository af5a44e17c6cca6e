import type { ChatRequest } from '../conversation.ts';
import type { Endpoint } from '../provider.ts';

/** Formats in which models of Anthropic are reached: there the model decides what `display` leaves open. */
const BY_MODEL: ReadonlySet<string> = new Set(['anthropic', 'converse']);
/** Thinking that a client of these formats switches on comes back with the answer unless `display` says otherwise; a target of another format is told so. */
export const withShown = (request: ChatRequest, target: Endpoint | undefined): ChatRequest => {
  const { reasoning } = request;
  if (target === undefined || BY_MODEL.has(target.dialect) || reasoning?.summary !== undefined) return request;
  const on = reasoning?.budget !== undefined || reasoning?.off === false;
  return on ? { ...request, reasoning: { ...reasoning, summary: 'auto' } } : request;
};
