import { readFile } from 'node:fs/promises';
import { type Fields, type Host, isObject, textOf as utf8 } from '@llm-proxy-auth/plugin';
import type { Config } from '../config.ts';
import { placeOf } from '../places.ts';
import { CredentialFileError, parseCredential, textOf } from './key-file.ts';

/** Where the token of the own identity provider comes from. */
export interface SubjectSource {
  readonly file?: string | undefined;
  readonly url?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly field?: string | undefined;
}
/** Sources of the library's external accounts that are not read here, each with its reason. */
const REFUSED: Readonly<Record<string, string>> = Object.freeze({
  executable: 'no command is run for a credential',
  certificate: 'the token service is not asked with a client certificate',
});
/** `credential_source` of a file of type external_account. Commands are never run, and certificates are not read. */
export const sourceIn = (credential: Fields): SubjectSource => {
  const source = isObject(credential.credential_source) ? credential.credential_source : {};
  for (const [kind, why] of Object.entries(REFUSED))
    if (source[kind] !== undefined) throw new CredentialFileError(`credential_source.${kind} is not supported: ${why}; use a source of kind file or url`);
  const format = isObject(source.format) ? source.format : {};
  const headers = isObject(source.headers) ? source.headers : {};
  return {
    file: textOf(source, 'file'),
    url: textOf(source, 'url'),
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])),
    field: format.type === 'json' ? textOf(format, 'subject_token_field_name') : undefined,
  };
};
/** The same as the configuration says it. */
export const sourceOf = async (wanted: NonNullable<Config['credentials']['subjectToken']>, host: Host): Promise<SubjectSource> => {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(wanted.headers ?? {})) headers[name] = await host.secret(value);
  const { url, query, file, field } = wanted;
  return { file, headers, field, url: url === undefined ? undefined : `${url}${query === undefined ? '' : `?${query}`}` };
};

const tokenIn = (text: string, field: string | undefined): string => {
  const token = field === undefined ? text.trim() : textOf(parseCredential(text, 'the subject token'), field);
  if (token === undefined || token === '')
    throw new CredentialFileError(field === undefined ? 'the subject token is empty' : `the subject token has no member ${field}`);
  return token;
};
const ask = async (url: string, headers: Readonly<Record<string, string>>, host: Host): Promise<string> => {
  const { origin, path } = placeOf(url);
  const flat = Object.entries(headers).flatMap(([name, value]) => [name.toLowerCase(), value]);
  const reply = await host.fetch(
    { method: 'GET', origin, path: `${path === '' ? '/' : path}${new URL(url).search}`, headers: flat, body: undefined },
    host.signal,
  );
  if (reply.status !== 200) throw new CredentialFileError(`the address of the subject token answered with ${reply.status}`);
  return utf8(reply.body);
};
/** The token, asked for anew each time. An address is reached when the configuration names its origin. */
export const subjectToken = async ({ file, url, headers = {}, field }: SubjectSource, host: Host): Promise<string> => {
  if ((file === undefined) === (url === undefined)) throw new CredentialFileError('a subject token comes from a file or from an address, one of them');
  if (url !== undefined) return tokenIn(await ask(url, headers, host), field);
  try {
    return tokenIn(await readFile(file ?? '', 'utf8'), field);
  } catch (cause) {
    if (cause instanceof CredentialFileError) throw cause;
    throw new CredentialFileError(`the file of the subject token, ${file}, cannot be read`, { cause });
  }
};
