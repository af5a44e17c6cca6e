import {
  asList,
  asNumber,
  asObject,
  asText,
  type Building,
  type Citation,
  type Fields,
  GatewayError,
  isObject,
  type Json,
  jsonText,
  some,
  stringifyJson,
  type TokenLogprob,
  unknownFields,
} from '@llm-proxy-auth/plugin';
import { isFailure, isReason, ownWord, readFinish } from '../finish.ts';
import type { Memo } from '../memo.ts';
import { OCI } from '../name.ts';
import { partsOf } from '../parts.ts';
import type { Emit } from '../stream.ts';

const at = (list: Json, index: number): Json => (Array.isArray(list) ? list[index] : undefined);
/** Alternatives as `{token: "logprob"}`, their figures as text. */
const topOf = (wire: Json, most: number): readonly TokenLogprob[] =>
  Object.entries(asObject(wire) ?? {})
    .slice(0, most)
    .map(([token, logprob]) => ({ token, logprob: Number(logprob), top: [] }));
/** Four lists side by side; `most`: alternatives that the client asked for. */
export const readLogprobs = (wire: Json, most: number): readonly TokenLogprob[] | undefined => {
  const o = asObject(wire);
  if (o === undefined || !Array.isArray(o.tokens)) return undefined;
  return o.tokens.map((token: Json, i: number) => ({
    token: asText(token) ?? '',
    logprob: asNumber(at(o.tokenLogprobs, i)) ?? 0,
    top: topOf(at(o.topLogprobs, i), most),
  }));
};
const URL_MEMBERS: ReadonlySet<string> = new Set(['startIndex', 'endIndex', 'title', 'url']);
const ANNOTATION_MEMBERS: ReadonlySet<string> = new Set(['type', 'urlCitation']);
const citationOf =
  (wire: Json) =>
  (from: number): Citation => {
    const o = asObject(wire) ?? {};
    const c = asObject(o.urlCitation);
    const whole = c !== undefined && unknownFields(c, URL_MEMBERS) === undefined && unknownFields(o, ANNOTATION_MEMBERS) === undefined;
    const since = (v: Json): number | undefined => {
      const n = asNumber(v);
      return n === undefined ? undefined : n - from;
    };
    return {
      ...some('start', since(c?.startIndex)),
      ...some('end', since(c?.endIndex)),
      ...some('url', asText(c?.url)),
      ...some('title', asText(c?.title)),
      ...(whole ? {} : { origin: { dialect: OCI, payload: { json: stringifyJson(o) } } }),
    };
  };
/** Text whose kind was left out. */
const isText = (o: Fields): boolean => o.type === undefined && typeof o.text === 'string';
const CHOICE: ReadonlySet<string> = new Set(['index', 'message', 'finishReason', 'logprobs', 'usage']);
const MESSAGE: ReadonlySet<string> = new Set(['role', 'content', 'refusal', 'toolCalls', 'annotations', 'reasoningContent']);
const LOGPROBS: ReadonlySet<string> = new Set(['tokens', 'tokenLogprobs', 'topLogprobs']);
const CALL: ReadonlySet<string> = new Set(['id', 'type', 'name', 'arguments']);

export interface ChoiceOptions {
  readonly choice: number;
  readonly answer: string;
  readonly memo: Memo;
  readonly emit: Emit;
}
/** One choice of an answer, fed with its pieces, or once with all of it. */
export const choiceReader = (options: ChoiceOptions) => {
  const { choice, memo, emit } = options;
  const parts = partsOf(options);
  const rest: Building = {};
  const lists: Record<string, Json[]> = {};
  let finished = false;

  const keep = (fields: Fields | undefined): void => void Object.assign(rest, fields);
  /** Members of each piece that are lists of their own, joined. */
  const keepLists = (fields: Fields | undefined): void => {
    for (const [name, value] of Object.entries(fields ?? {})) {
      const list = lists[name] ?? [];
      lists[name] = list;
      list.push(...(Array.isArray(value) ? value : [value]));
      rest[name] = list;
    }
  };
  const content = (list: readonly Json[], logprobs: readonly TokenLogprob[] | undefined): void => {
    let left = logprobs;
    for (const wire of list) {
      const o = asObject(wire);
      if (o === undefined) continue;
      if (o.type !== 'TEXT' && !isText(o)) {
        parts.opaque(o);
        continue;
      }
      parts.words('text', asText(o.text) ?? '', left);
      left = undefined;
    }
    if (left !== undefined) parts.words('text', '', left);
  };
  const calls = (list: readonly Json[]): void => {
    for (const wire of list) {
      const o = asObject(wire);
      if (o === undefined) continue;
      if (o.type !== undefined && o.type !== 'FUNCTION') parts.opaque(o);
      else parts.call({ id: asText(o.id), name: asText(o.name), input: jsonText(o.arguments) });
      keep(unknownFields(o, CALL));
    }
  };
  const finish = (word: string): void => {
    if (isFailure(word)) throw new GatewayError('upstream_bad_response', 'The provider failed while it answered.');
    finished = true;
    parts.closeAll();
    const reason = readFinish(word, parts.calls > 0);
    const kept = { ...some('finishReason', ownWord(word, reason)), ...rest };
    emit({ type: 'finish', choice, reason, ...some('rest', Object.keys(kept).length === 0 ? undefined : kept) });
  };
  return {
    /** Throws GatewayError `upstream_bad_response`. */
    take(c: Fields): void {
      if (finished) return;
      const message = asObject(c.message) ?? {};
      const logprobs = readLogprobs(c.logprobs, memo.top ?? Number.POSITIVE_INFINITY);
      parts.words('thinking', asText(message.reasoningContent) ?? '');
      content(typeof message.content === 'string' ? [{ type: 'TEXT', text: message.content }] : asList(message.content), logprobs);
      for (const wire of asList(message.annotations)) parts.cite(citationOf(wire));
      parts.words('refusal', asText(message.refusal) ?? '');
      calls(asList(message.toolCalls));
      // Figures without their tokens say nothing by themselves.
      if (isObject(c.logprobs)) keepLists(logprobs === undefined ? c.logprobs : unknownFields(c.logprobs, LOGPROBS));
      keep(unknownFields(message, MESSAGE));
      keep(unknownFields(c, CHOICE));
      if (typeof message.role === 'string' && message.role !== 'ASSISTANT') rest.role = message.role;
      if (isReason(c.finishReason)) finish(c.finishReason);
    },
    /** An answer that came whole and does not say why it ended. */
    close(): void {
      if (!finished) finish('stop');
    },
    finished: () => finished,
  };
};
