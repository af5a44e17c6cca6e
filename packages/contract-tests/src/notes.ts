import type { Part } from '@llm-proxy-auth/plugin';

/** Kinds of parts, which a note may name. */
const KINDS: ReadonlySet<string> = new Set([
  'text',
  'refusal',
  'thinking',
  'image',
  'audio',
  'video',
  'document',
  'toolCall',
  'toolResult',
  'opaque',
] satisfies readonly Part['kind'][]);

/** The part kind that the last step of a note's `param` names; undefined when it names a field. */
export const kindNamed = (param: string): Part['kind'] | undefined => {
  const last = param.split('.').at(-1) ?? '';
  return KINDS.has(last) ? (last as Part['kind']) : undefined;
};
/** Canonical paths that a note speaks of: its own words, and those for which a surface has that name. */
export const pathsNamed = (param: string, names: Readonly<Record<string, string>>): readonly string[] => [
  param,
  ...Object.entries(names).flatMap(([path, name]) => (name === param ? [path] : [])),
];
