import { asObject, asText, nameMark, type Part, type ToolCallPart } from '@llm-proxy-auth/plugin';
import type { Memo } from './memo.ts';
import { jsonOf } from './write-parts.ts';

const ALLOWED = /^[A-Za-z_][A-Za-z0-9_.:-]{0,63}$/;
/** Longest name that every generation takes. */
const LONGEST = 64;
/** A name that the vendor takes; where that changes it, with a mark made of the original, so that it stays one of its own. */
export const toolName = (name: string): string => {
  if (ALLOWED.test(name)) return name;
  const safe = name.replace(/[^A-Za-z0-9_.:-]/g, '_').replace(/^(?=[^A-Za-z_])/, '_');
  return `${safe.slice(0, LONGEST - 7)}_${nameMark(name)}`;
};
/** Free text as it stands in the object that input is on the wire; other input is taken for the text itself. */
export const freeText = (json: string): string => asText(asObject(jsonOf(json))?.input) ?? json;
/** A call by the name that the client gave its tool; free text is taken out of the object it travelled in. */
export const undone = (part: Part, memo: Memo): Part => {
  if (part.kind !== 'toolCall') return part;
  const name = memo.names.get(part.name) ?? part.name;
  const call: ToolCallPart = name === part.name ? part : { ...part, name };
  return memo.free.has(part.name) && 'json' in part.input ? { ...call, input: { text: freeText(part.input.json) } } : call;
};
