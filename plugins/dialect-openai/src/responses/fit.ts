import { asObject, type Call, type ChatRequest, type Fields, lostTo, some } from '@llm-proxy-auth/plugin';
import { applyFamily } from '../chat/family.ts';
import { tierOf } from '../tier.ts';
import { SUMMARY } from './refusal.ts';

/** Chat's names of what a family of models may refuse, with the values of this body. */
const asChat = (body: Fields): Fields => ({
  ...some('temperature', body.temperature),
  ...some('top_p', body.top_p),
  ...(body.include === undefined ? {} : { logprobs: true }),
  ...some('top_logprobs', body.top_logprobs),
  ...some('reasoning_effort', asObject(body.reasoning)?.effort),
});
/** The plain members of a translated request, without what the model's family refuses; each loss goes to the ledger. */
export const fitted = (body: Fields, request: ChatRequest, call: Call): Fields => {
  const { temperature: _t, top_p: _p, top_logprobs: _l, service_tier: _s, include, reasoning, ...others } = body;
  const lost = lostTo(call.ledger);
  const kept = applyFamily({ ...asChat(body) }, request, call);
  const summary = asObject(reasoning)?.summary;
  const hidden = summary !== undefined && call.refused?.has(SUMMARY) === true;
  if (hidden) lost('reasoning.summary', 'the account is shown no summaries');
  const thinks = { ...some('effort', kept.reasoning_effort), ...some('summary', hidden ? undefined : summary) };
  return {
    ...others,
    ...some('service_tier', tierOf(request, false, lost)),
    ...some('temperature', kept.temperature),
    ...some('top_p', kept.top_p),
    ...some('include', kept.logprobs === undefined ? undefined : include),
    ...some('top_logprobs', kept.logprobs === undefined ? undefined : kept.top_logprobs),
    ...some('reasoning', Object.keys(thinks).length === 0 ? undefined : thinks),
  };
};
