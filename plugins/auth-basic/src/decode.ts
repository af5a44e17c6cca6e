/** Longest user and password together that are looked at, bytes; longer ones are refused before anything is hashed. */
export const LONGEST = 1024;
const PADDED = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const UNPADDED = /^[A-Za-z0-9+/]+$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is refused.
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export interface UserPass {
  readonly user: string;
  readonly password: string;
}
/** Whether nobody can have it as a name or password: empty, or with a control character. */
export const isUnsayable = (text: string): boolean => text === '' || CONTROL.test(text);

const bytesOf = (text: string, unpadded: boolean): Buffer | undefined => {
  if (text.length === 0 || text.length > Math.ceil(LONGEST / 3) * 4) return undefined;
  if (!PADDED.test(text) && !(unpadded && UNPADDED.test(text) && text.length % 4 !== 1)) return undefined;
  const bytes = Buffer.from(text, 'base64');
  // Bits beyond the last byte must be zero, or one password could be written in several ways.
  return bytes.toString('base64').replace(/=+$/, '') === text.replace(/=+$/, '') ? bytes : undefined;
};

/** `user-id:password` of RFC 7617: strict base64 of UTF-8, split at the first colon. Undefined when it is anything else. */
export const decode = (text: string, { allowUnpadded }: { readonly allowUnpadded: boolean }): UserPass | undefined => {
  const bytes = bytesOf(text, allowUnpadded);
  if (bytes === undefined) return undefined;
  let plain: string;
  try {
    plain = utf8.decode(bytes);
  } catch {
    return undefined;
  }
  const colon = plain.indexOf(':');
  if (colon < 0) return undefined;
  const [user, password] = [plain.slice(0, colon), plain.slice(colon + 1)];
  return isUnsayable(user) || isUnsayable(password) ? undefined : { user, password };
};
