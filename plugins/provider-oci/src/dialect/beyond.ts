import { asText, type Call, loseBeyond, lostTo } from '@llm-proxy-auth/plugin';
import { isKnownWord } from './finish.ts';
import type { Emit } from './stream.ts';

/** What the answer is called and made by, and what repeats the question. */
const QUIET: ReadonlySet<string> = new Set(
  'apiFormat modelId modelVersion timeCreated serviceTier id role index finishReason chatHistory prompt isSearchRequired textOffset'.split(' '),
);
/** What an answer says beyond the conversation is named: no client speaks these formats, so that nobody gets it back. */
export const namingLosses = (call: Call, emit: Emit): Emit => {
  const lost = lostTo(call.ledger);
  return (e) => {
    if (e.type === 'finish') {
      loseBeyond(e.rest, QUIET, lost);
      const word = asText(e.rest?.finishReason);
      if (word !== undefined && !isKnownWord(word)) lost('choices.finish', `the answer ended with ${word}`, 'emulated');
    } else if (e.type === 'end') loseBeyond(e.rest?.fields, QUIET, lost);
    emit(e);
  };
};
