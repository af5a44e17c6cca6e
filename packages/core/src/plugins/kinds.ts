import type { Plugin } from '@llm-proxy-auth/plugin';

/** Where a plugin's object holds the kinds that its manifest lists under this word. */
export const GROUPS = Object.freeze({
  provider: 'providers',
  dialect: 'dialects',
  auth: 'auth',
  factor: 'factors',
  store: 'stores',
  counters: 'counters',
  pages: 'pages',
} as const satisfies Record<string, keyof Plugin>);
export type Group = keyof typeof GROUPS;
export const isGroup = (word: string): word is Group => Object.hasOwn(GROUPS, word);
/** Groups of the interfaces that this version has no section for. */
export const LATER_GROUPS = Object.freeze(['secrets', 'hooks', 'telemetry'] as const satisfies readonly (keyof Plugin)[]);

const NAME = /^[a-z][a-z0-9-]{0,63}$/;
/** A dialect's name is the first segment of its routes; those of shortcuts are compared in catalog.ts. */
const DIALECT = /^[a-z][a-z0-9-]{1,31}$/;
/** Pages have it as the first segment of theirs on the admin listener. */
const PAGES_RESERVED = 'admin';
const DIALECT_RESERVED = Object.freeze(new Set('v1 transparent protocol auth admin console health ready metrics model'.split(' ')));

/** Why this is no `group:name`; undefined when it is one. */
export const kindRefusal = (text: unknown): string | undefined => {
  if (typeof text !== 'string') return 'is not text';
  const [group = '', name = '', ...rest] = text.split(':');
  const shown = JSON.stringify(text.slice(0, 80));
  if (!isGroup(group)) return `${shown} is of a group that this version has no place for`;
  if (rest.length > 0 || !NAME.test(name)) return `${shown} has no valid name`;
  const reserved = group === 'dialect' ? !DIALECT.test(name) || DIALECT_RESERVED.has(name) : group === 'pages' && name === PAGES_RESERVED;
  if (reserved) return `${shown} uses a name that the routes reserve`;
  return undefined;
};
