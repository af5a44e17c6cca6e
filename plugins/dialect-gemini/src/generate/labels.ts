import { asObject, type ChatRequest, type Fields, type Lost } from '@llm-proxy-auth/plugin';

const MOST = 64;
const KEY = /^[a-z][a-z0-9_-]{0,62}$/;
const VALUE = /^[a-z0-9_-]{0,63}$/;
/** `labels`, where all of them are texts: what the caller files with the call. */
export const readLabels = (body: Fields): ChatRequest['metadata'] => {
  const entries = Object.entries(asObject(body.labels) ?? {});
  return entries.length > 0 && entries.every((entry): entry is [string, string] => typeof entry[1] === 'string') ? Object.fromEntries(entries) : undefined;
};
/** What the client of another dialect files with its call; bills are kept by it on Vertex, which takes short words in lower case, and all of them or none. */
export const foreignLabels = ({ metadata }: ChatRequest, vertex: boolean, lost: Lost): Fields | undefined => {
  if (metadata === undefined) return undefined;
  const entries = Object.entries(metadata);
  if (vertex && entries.length <= MOST && entries.every(([key, value]) => KEY.test(key) && VALUE.test(value))) return metadata;
  lost('metadata', vertex ? 'labels are up to 64 short words in lower case' : 'the provider files nothing with a call');
  return undefined;
};
