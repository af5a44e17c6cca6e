import { asObject, asText, type Fields, invalid, type Json, Late, type Turn, unknownFields } from '@llm-proxy-auth/plugin';
import { withForm } from '../form.ts';
import { remainderOf } from '../remainder.ts';
import { readContent } from './read-blocks.ts';

const KNOWN: ReadonlySet<string> = new Set(['role', 'content']);
const ROLES: ReadonlySet<string> = new Set(['user', 'assistant', 'system']);

/** `system`: text, or a list of text blocks, as the first turn; nothing where it is empty. */
export const readSystem = (system: Json): readonly Turn[] => {
  if (system === undefined || system === null || system === '') return [];
  const parts = readContent(system, 'system');
  if (parts.some((part) => part.kind !== 'text')) throw invalid('system', "'system' holds text only.");
  return parts.length === 0 ? [] : [withForm<Turn>({ role: 'system', parts }, { place: 'system', text: typeof system === 'string' })];
};
const readMessage = (wire: Json, param: string): Turn => {
  const m: Fields | undefined = asObject(wire);
  const role = asText(m?.role);
  if (m === undefined || role === undefined || !ROLES.has(role)) throw invalid(`${param}.role`, 'A message has one of the roles user, assistant and system.');
  const { content } = m;
  // A system message may say something of the answers alone, in members of its own.
  const absent = content === undefined && role === 'system';
  if (!absent && typeof content !== 'string' && !Array.isArray(content))
    throw invalid(`${param}.content`, 'A message needs content: a string or a list of blocks.');
  const rest = unknownFields(m, KNOWN);
  const turn: Turn = {
    role: role as Turn['role'],
    parts: readContent(content, `${param}.content`),
    ...(rest === undefined ? {} : { rest }),
  };
  const { content: _content, ...others } = m;
  return withForm(turn, { place: 'messages', text: typeof content === 'string', absent, left: new Late(() => remainderOf({ role, ...rest }, others)) });
};
/** `messages` in order, one turn each. */
export const readMessages = (messages: Json): readonly Turn[] => {
  if (!Array.isArray(messages) || messages.length === 0) throw invalid('messages', "'messages' must be a list of at least one message.");
  return messages.map((wire: Json, i) => readMessage(wire, `messages[${i}]`));
};
