import { asObject, asText, parseJson } from '@llm-proxy-auth/plugin';

/** What writing a request changed and reading its answer undoes. */
export interface Memo {
  /** Names that the client gave its tools, by those that the provider got. */
  readonly names: ReadonlyMap<string, string>;
  /** Tools that take free text, by the names that the provider got. */
  readonly free: ReadonlySet<string>;
  /** Alternatives per token that the client asked for. */
  readonly top: number | undefined;
}
export const NO_MEMO: Memo = Object.freeze({ names: new Map<string, string>(), free: new Set<string>(), top: undefined });

/** Text of a call of a tool that takes free text: it travels as a member of an object. */
export const freeText = (json: string): string => {
  try {
    return asText(asObject(parseJson(json))?.input) ?? json;
  } catch {
    return json;
  }
};
