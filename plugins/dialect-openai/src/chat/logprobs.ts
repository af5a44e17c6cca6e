import type { Fields, TokenLogprob } from '@llm-proxy-auth/plugin';

const writeTop = (t: TokenLogprob): Fields => ({ token: t.token, logprob: t.logprob, bytes: t.bytes ?? null });
const writeOne = (t: TokenLogprob): Fields => ({ ...writeTop(t), top_logprobs: t.top.map(writeTop) });
/** The `logprobs` member of a choice: null when there are none. */
export const writeLogprobs = (content: readonly TokenLogprob[] | undefined, refusal: readonly TokenLogprob[] | undefined): Fields | null =>
  content === undefined && refusal === undefined ? null : { content: content?.map(writeOne) ?? null, refusal: refusal?.map(writeOne) ?? null };
