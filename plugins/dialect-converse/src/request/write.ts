import type { Call, ChatRequest, Fields } from '@llm-proxy-auth/plugin';
import { writeForeign } from './foreign.ts';
import { type Memo, NO_MEMO } from './foreign-tools.ts';
import { guarded } from './guarded.ts';
import { isOwn, writeOwn } from './own.ts';

/** The body for a provider. What this surface's own client sent goes back as it was; others' follow the model's family. */
export const write = (r: ChatRequest, call: Call): { readonly body: Fields; readonly memo: Memo } =>
  isOwn(r) ? { body: writeOwn(guarded(r, call), call.model, call.endpoint.profile), memo: NO_MEMO } : writeForeign(r, call);
