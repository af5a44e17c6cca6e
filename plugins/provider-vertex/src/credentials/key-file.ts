import { readFile } from 'node:fs/promises';
import { type Fields, isObject } from '@llm-proxy-auth/plugin';

/** What an operator can mend; its message holds nothing of the file but the kinds that stand in this code. */
export class CredentialFileError extends Error {
  override readonly name = 'CredentialFileError';
}
/** JSON of a credential. The text is never part of a message: the parser's own would show some of it. */
export const parseCredential = (text: string, from: string): Fields => {
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value)) return value;
  } catch {
    // Told below.
  }
  throw new CredentialFileError(`${from} is no JSON object`);
};
/** Reads a credential file; undefined when there is none. */
export const readCredential = async (path: string): Promise<Fields | undefined> => {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    throw new CredentialFileError(`the credential file ${path} cannot be read`, { cause });
  }
  return parseCredential(text, `the credential file ${path}`);
};
export const textOf = (value: Fields, name: string): string | undefined => {
  const found = value[name];
  return typeof found === 'string' && found !== '' ? found : undefined;
};
export const required = (value: Fields, name: string, what: string): string => {
  const found = textOf(value, name);
  if (found === undefined) throw new CredentialFileError(`${what} has no ${name}`);
  return found;
};
