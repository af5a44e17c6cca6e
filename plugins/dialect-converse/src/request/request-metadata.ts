import { asObject, type ChatRequest, type Fields, type Lost } from '@llm-proxy-auth/plugin';

const MOST = 16;
const KEY = /^[A-Za-z0-9 :_@$#=/+,.-]{1,256}$/;
const VALUE = /^[A-Za-z0-9 :_@$#=/+,.-]{0,256}$/;
/** `requestMetadata`, where all of it is text: what the caller files with the call. */
export const readMetadata = (body: Fields): ChatRequest['metadata'] => {
  const entries = Object.entries(asObject(body.requestMetadata) ?? {});
  return entries.length > 0 && entries.every((entry): entry is [string, string] => typeof entry[1] === 'string') ? Object.fromEntries(entries) : undefined;
};
/** What the client of another dialect files with its call; the provider writes it into its log of calls, all of it or nothing. */
export const foreignMetadata = ({ metadata }: ChatRequest, lost: Lost): ChatRequest['metadata'] => {
  const entries = Object.entries(metadata ?? {});
  if (entries.length <= MOST && entries.every(([key, value]) => KEY.test(key) && VALUE.test(value))) return metadata;
  lost('metadata', 'the provider files up to 16 texts of 256 plain characters');
  return undefined;
};
