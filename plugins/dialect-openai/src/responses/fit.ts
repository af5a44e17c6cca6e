import { asObject, type Call, type ChatRequest, type Fields, some } from '@llm-proxy-auth/plugin';
import { applyFamily } from '../chat/family.ts';

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
  const { temperature: _t, top_p: _p, top_logprobs: _l, include, reasoning, ...others } = body;
  const kept = applyFamily({ ...asChat(body) }, request, call);
  const { effort: _e, ...summary } = asObject(reasoning) ?? {};
  const thinks = { ...some('effort', kept.reasoning_effort), ...summary };
  return {
    ...others,
    ...some('temperature', kept.temperature),
    ...some('top_p', kept.top_p),
    ...some('include', kept.logprobs === undefined ? undefined : include),
    ...some('top_logprobs', kept.logprobs === undefined ? undefined : kept.top_logprobs),
    ...some('reasoning', Object.keys(thinks).length === 0 ? undefined : thinks),
  };
};
