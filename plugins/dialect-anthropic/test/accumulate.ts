import { type Json, parseJson } from '@llm-proxy-auth/plugin';
import type { Fields } from './support.ts';

type Building = Record<string, Json>;
const grown = (block: Building, delta: Fields): Building => {
  const { type } = delta;
  if (type === 'text_delta') return { ...block, text: `${String(block.text)}${String(delta.text)}` };
  if (type === 'thinking_delta') return { ...block, thinking: `${String(block.thinking ?? '')}${String(delta.thinking)}` };
  if (type === 'signature_delta') return { ...block, signature: `${String(block.signature ?? '')}${String(delta.signature)}` };
  if (type === 'citations_delta') return { ...block, citations: [...((block.citations ?? []) as readonly Json[]), delta.citation] };
  if (type === 'input_json_delta') return { ...block, partial: `${String(block.partial ?? '')}${String(delta.partial_json)}` };
  if (type === 'compaction_delta')
    return { ...block, content: delta.content, ...('encrypted_content' in delta ? { encrypted_content: delta.encrypted_content } : {}) };
  return block;
};
const closed = ({ partial, ...block }: Building): Building =>
  partial === undefined || partial === '' ? block : { ...block, input: parseJson(String(partial)) };
const known = (fields: Fields): Fields => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
/** The message that a stream tells, as the vendor's SDK adds it up. Undefined: it did not begin. */
export const accumulate = (events: readonly Fields[]): Fields | undefined => {
  let message: Building | undefined;
  const content: Building[] = [];
  for (const event of events) {
    const at = Number(event.index);
    if (event.type === 'message_start') message = { ...(event.message as Fields) };
    else if (event.type === 'content_block_start') content[at] = { ...(event.content_block as Fields) };
    else if (event.type === 'content_block_delta') content[at] = grown(content[at] ?? {}, event.delta as Fields);
    else if (event.type === 'content_block_stop') content[at] = closed(content[at] ?? {});
    else if (event.type === 'message_delta') {
      const { type: _type, delta, usage, ...beside } = event;
      message = {
        ...message,
        ...known(delta as Fields),
        ...known(beside),
        usage: { ...(message?.usage as Fields | undefined), ...known((usage ?? {}) as Fields) },
      };
    }
  }
  return message === undefined ? undefined : { ...message, content };
};
/** Without members that say nothing: clients read null and an empty list as absent. */
export const meaning = (value: Json): Json => {
  if (Array.isArray(value)) return value.map(meaning);
  if (typeof value !== 'object' || value === null || 'rawJSON' in value) return value;
  const told = Object.entries(value).filter(([, inner]) => inner !== null && !(Array.isArray(inner) && inner.length === 0));
  return Object.fromEntries(told.map(([key, inner]) => [key, meaning(inner)]));
};
