import { asObject, type Fields } from '@llm-proxy-auth/plugin';

/** `metadata`, where it is what the vendor takes: texts by name. Undefined for anything else, which goes where it came from alone. */
export const readMetadata = (body: Fields): Readonly<Record<string, string>> | undefined => {
  const entries = Object.entries(asObject(body.metadata) ?? {});
  const texts = entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  return entries.length > 0 && texts.length === entries.length ? Object.fromEntries(texts) : undefined;
};
