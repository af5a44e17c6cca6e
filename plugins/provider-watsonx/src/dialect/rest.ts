import type { Fields, Json } from '@llm-proxy-auth/plugin';

/** Surfaces of the client whose further fields may be parameters of watsonx.ai: its SDK lets callers add members. */
const OPEN: ReadonlySet<string> = new Set(['openai.chat', 'openai.completions', 'openai.embeddings', 'openai.rerank', 'cohere.rerank']);
/** What a client added to its own surface under names that only watsonx.ai knows; everything else stays unread, which the ledger says. */
export const addedMembers = (
  rest: { readonly from: string; readonly fields: Readonly<Record<string, Json>> } | undefined,
  known: readonly string[],
): Fields => {
  if (rest === undefined || !OPEN.has(rest.from)) return {};
  const { fields } = rest;
  return Object.fromEntries(known.filter((name) => fields[name] !== undefined).map((name) => [name, fields[name]]));
};
