import { isObject, type Json, type Refusal } from '@llm-proxy-auth/plugin';
import { lentIn } from './lent.ts';
import type { Home } from './model-name.ts';
import { namesOtherModel, type PathModel } from './own-model.ts';

/** `projects/{project}/locations/{location}/…`, also with the service that it is of before it. */
const RESOURCE = /^\/*(?:[a-z0-9.-]+\.googleapis\.com\/)?projects\/([^/]+)(?:\/locations\/([^/]+))?(?:\/|$)/;
/** `bq://{project}.{data set}.{table}` */
const BIG_QUERY = /^bq:\/\/([^./]+)/;
const ACCOUNTS: ReadonlySet<string> = new Set(['serviceAccount', 'service_account']);
/** Members that hold what a client says or describes, never the name of a resource. */
const SAID: ReadonlySet<string> = new Set([
  'text',
  'prompt',
  'data',
  'args',
  'response',
  'code',
  'output',
  'thoughtSignature',
  'thought_signature',
  'description',
  'parametersJsonSchema',
  'parameters_json_schema',
  'responseSchema',
  'response_schema',
  'responseJsonSchema',
  'response_json_schema',
  '_responseJsonSchema',
  'stopSequences',
  'stop_sequences',
  'displayName',
  'display_name',
  'labels',
]);
/** The same of OpenAI's format, at the top of the body. */
const SAID_IN_CHAT: ReadonlySet<string> = new Set([
  'messages',
  'prompt',
  'suffix',
  'input',
  'tools',
  'functions',
  'response_format',
  'stop',
  'metadata',
  'user',
  'prediction',
]);

/** The same of Anthropic's format, at the top of the body. */
const SAID_IN_MESSAGES: ReadonlySet<string> = new Set(['messages', 'system', 'tools', 'metadata', 'stop_sequences']);
/** What a prediction is asked about, where it is text or the bytes of media: its instances are of any other form. */
const ASKED: ReadonlySet<string> = new Set(['content', 'text', 'prompt', 'negativePrompt', 'title', 'bytesBase64Encoded']);

/** What is ranked, and what for, at the top of the body. */
const SAID_IN_RANKING: ReadonlySet<string> = new Set(['query', 'records', 'userLabels', 'user_labels']);
/** Whose format a body is in; `prediction`: what `predict` takes, whose instances have the form that a model wants. */
export type Format = 'gemini' | 'openai' | 'messages' | 'prediction' | 'ranking';
const isSaid = (format: Format, key: string, value: Json, top: boolean): boolean => {
  if (format === 'prediction') return ASKED.has(key) && typeof value === 'string';
  if (top && format === 'openai') return SAID_IN_CHAT.has(key);
  if (top && format === 'ranking') return SAID_IN_RANKING.has(key);
  if (top && format === 'messages') return SAID_IN_MESSAGES.has(key);
  // `parameters` at the top are of a prediction; those further in are a function's schema.
  return SAID.has(key) || (key === 'parameters' && !top);
};

const refused = (what: string, steps: readonly string[]): Refusal => {
  const param = steps.join('.');
  return { refuse: 'operation_not_allowed', message: `\`${param}\` names another ${what} than that of this instance.`, param };
};
/** Which part of a name is not the instance's. */
const strangerIn = (text: string, name: string, owned: boolean, { project, location }: Home): string | undefined => {
  const found = RESOURCE.exec(text);
  if (found !== null) {
    const [, named, place] = found;
    if (named !== project && !(owned && /^\d+$/.test(named ?? ''))) return 'project';
    return place === undefined || place === location || place === 'global' ? undefined : 'location';
  }
  const data = BIG_QUERY.exec(text);
  if (data !== null && data[1] !== project) return 'project';
  return ACCOUNTS.has(name) && !text.endsWith(`@${project}.iam.gserviceaccount.com`) ? 'project' : undefined;
};

export type Judge = (body: Json) => Refusal | undefined;
export interface Pins {
  /** Pointers to what the caller must own: there alone a project may be named by its number, which Google's answers do. */
  readonly owned?: readonly string[] | undefined;
  readonly format?: Format | undefined;
  /** Of calls whose body is not read for further models: it must be the only one. */
  readonly model?: PathModel | undefined;
}
/**
 * Refuses a body that names a resource, data set or service account outside the instance's project, a resource outside its location
 * and `global`, or another model than `model`; and one that sends what the project holds to an address of the caller's.
 */
export const pinnedTo = (home: Home, { owned = [], format = 'gemini', model }: Pins = {}): Judge => {
  const proven = new Set(owned);
  const judged = (text: string, name: string, steps: readonly string[]): Refusal | undefined => {
    const stranger = strangerIn(text, name, proven.has(`/${steps.join('/')}`), home);
    if (stranger !== undefined) return refused(stranger, steps);
    if (model === undefined || !namesOtherModel(text, name, model)) return undefined;
    const param = steps.join('.');
    return { refuse: 'model_not_allowed', message: `\`${param}\` names another model than the path does.`, param };
  };
  const lending = (key: string, member: Json, steps: readonly string[]): Refusal | undefined => {
    const lent = key === 'externalApi' || key === 'external_api' ? lentIn(member) : undefined;
    if (lent === undefined) return undefined;
    const param = [...steps, lent].join('.');
    return { refuse: 'operation_not_allowed', message: `\`${param}\` would lend an address of the caller's what this instance's project holds.`, param };
  };
  const walk = (value: Json, name: string, steps: readonly string[]): Refusal | undefined => {
    if (typeof value === 'string') return judged(value, name, steps);
    if (!Array.isArray(value) && !isObject(value)) return undefined;
    const inList = Array.isArray(value);
    for (const [key, member] of Object.entries(value as object)) {
      if (!inList && isSaid(format, key, member as Json, steps.length === 0)) continue;
      const refusal = walk(member as Json, inList ? name : key, [...steps, key]) ?? lending(key, member as Json, [...steps, key]);
      if (refusal !== undefined) return refusal;
    }
    return undefined;
  };
  return (body) => walk(body, '', []);
};

const googleOf = (body: Json): readonly Json[] =>
  isObject(body) ? [body.google, isObject(body.extra_body) ? body.extra_body.google : undefined, body, body.extra_body] : [];
/** The same of OpenAI's format in protocol mode, where nobody tells whose cache a prompt continues: none may be named. */
export const pinnedChat = (home: Home): Judge => {
  const judge = pinnedTo(home, { format: 'openai' });
  return (body) =>
    googleOf(body).some((google) => isObject(google) && (google.cached_content ?? google.cachedContent ?? undefined) !== undefined)
      ? { refuse: 'operation_not_allowed', message: 'A cache cannot be continued by this API; use that of Gemini.', param: 'cached_content' }
      : judge(body);
};
