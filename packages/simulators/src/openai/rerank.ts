import { boolean, type Check, checkMembers, type Fields, integer, isFields, string, textOf, typeName } from './check.ts';
import type { Context } from './context.ts';
import { refuse } from './refusal.ts';
import { count } from './tokens.ts';

export type Ranked = { readonly index: number; readonly relevance_score: number };
/** Documents by the share of their words that the query has too; ties keep their order. */
export const ranked = (query: string, documents: readonly string[], top: number): readonly Ranked[] => {
  const words = new Set(query.toLowerCase().split(/\W+/));
  return documents
    .map((document, index) => {
      const found = document.toLowerCase().split(/\W+/);
      return { index, relevance_score: found.filter((word) => words.has(word)).length / Math.max(1, found.length) };
    })
    .sort((a, b) => b.relevance_score - a.relevance_score || a.index - b.index)
    .slice(0, top);
};

const documents: Check = (value, param) => {
  if (!Array.isArray(value)) throw refuse.type(param, 'an array of strings', typeName(value));
  if (value.length === 0) throw refuse.emptyArray(param);
};
const table = {
  model: string,
  query: string,
  documents,
  top_n: integer(0),
  return_documents: boolean,
  truncate_prompt_tokens: integer(),
  max_tokens_per_doc: integer(1),
  user: string,
};
const textIn = (document: unknown): string => (isFields(document) ? textOf(document.text) : String(document));

/** POST /rerank of servers that speak OpenAI's API, as vLLM answers it: documents always come back. `known`: models that rank. */
export const rerank = (call: Context, body: Fields, known: ReadonlySet<string>): Fields => {
  for (const name of ['model', 'query', 'documents']) if (body[name] === undefined || body[name] === null) throw refuse.missing(name);
  checkMembers(body, table);
  const model = String(body.model);
  if (!known.has(model)) throw refuse.modelNotFound(model);
  const texts = (body.documents as readonly unknown[]).map(textIn);
  const query = String(body.query);
  const tokens = texts.reduce((sum, text) => sum + count(query) + count(text), 0);
  return {
    id: call.id('rerank-'),
    model,
    usage: { prompt_tokens: tokens, total_tokens: tokens },
    results: ranked(query, texts, typeof body.top_n === 'number' && body.top_n > 0 ? body.top_n : texts.length).map(({ index, relevance_score: score }) => ({
      index,
      document: { text: texts[index], multi_modal: null },
      relevance_score: score,
    })),
  };
};
