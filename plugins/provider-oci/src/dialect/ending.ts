import { asText, type Building, type Fields, GatewayError, some } from '@llm-proxy-auth/plugin';
import { isFailure, ownWord, readFinish } from './finish.ts';
import type { Parts } from './parts.ts';
import { scrubbed } from './read-error.ts';
import type { Emit } from './stream.ts';

const whyFailed = ({ errorMessage }: Fields): string =>
  (typeof errorMessage === 'string' && scrubbed(errorMessage)) || 'The provider failed while it answered.';
/** Ends the one choice of an answer in Cohere's formats. Throws `upstream_bad_response` for a reason that says that there is no answer. */
export const endChoice = (event: Fields, parts: Parts, rest: Building, emit: Emit): void => {
  const word = asText(event.finishReason) ?? 'COMPLETE';
  if (isFailure(word)) throw new GatewayError('upstream_bad_response', whyFailed(event));
  parts.closeAll();
  const reason = readFinish(word, parts.calls > 0);
  const kept = { ...some('finishReason', ownWord(word, reason)), ...some('errorMessage', asText(event.errorMessage)), ...rest };
  emit({ type: 'finish', choice: 0, reason, ...some('rest', Object.keys(kept).length === 0 ? undefined : kept) });
};
