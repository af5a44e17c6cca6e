import { createHash } from 'node:crypto';
import { type Lost, safeName } from '@llm-proxy-auth/plugin';
import type { Family } from './families.ts';

const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 9);

/** The id of a call as the provider takes it: the same for call and result. */
export const callId = (id: string, { vendor }: Family, lost: Lost): string => {
  const written = vendor === 'mistral' && !/^[a-zA-Z0-9]{9}$/.test(id) ? digest(id) : safeName(id);
  if (written !== id) lost('turns.parts.id', 'the provider takes letters, digits, _ and - alone', 'emulated');
  return written;
};
/** The name of a tool as the provider takes it. */
export const toolName = (name: string): string => safeName(name);

const NAME_FORBIDDEN = /[^A-Za-z0-9\s()[\]-]+/g;
const named = (text: string): string =>
  text
    .replace(/\.[A-Za-z0-9]{1,5}$/, '')
    .replace(NAME_FORBIDDEN, '-')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, 200);
/** Names of documents: letters, digits, single spaces, `-()[]`, each once in a conversation; numbered where there is none. */
export const documentNames = (lost: Lost): ((name: string | undefined) => string) => {
  const taken = new Set<string>();
  let count = 0;
  return (name) => {
    count += 1;
    const bare = name === undefined ? '' : named(name);
    const first = bare === '' ? `document-${count}` : bare;
    const chosen = taken.has(first) ? `${first} [${count}]` : first;
    taken.add(chosen);
    if (name === undefined) lost('turns.parts.name', 'the provider wants a name for each document', 'defaulted');
    else if (chosen !== name) lost('turns.parts.name', 'the provider takes names of letters, digits, spaces, - and brackets, each once', 'emulated');
    return chosen;
  };
};
