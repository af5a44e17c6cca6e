import { isObject, type Json, type Refusal } from '@llm-proxy-auth/plugin';
import type { Home } from './model-name.ts';

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
/**
 * Refuses a body that names a resource, data set or service account outside the instance's project, or a resource outside its location
 * and `global`. Google's answers name a project by its number; which one that is cannot be told, so that it may stand only at `owned`,
 * pointers to what the caller must own.
 */
export const pinnedTo = (home: Home, owned: readonly string[] = [], format: 'gemini' | 'openai' = 'gemini'): Judge => {
  const proven = new Set(owned);
  const walk = (value: Json, name: string, steps: readonly string[]): Refusal | undefined => {
    if (typeof value === 'string') {
      const stranger = strangerIn(value, name, proven.has(`/${steps.join('/')}`), home);
      return stranger === undefined ? undefined : refused(stranger, steps);
    }
    if (!Array.isArray(value) && !isObject(value)) return undefined;
    const inList = Array.isArray(value);
    const top = steps.length === 0;
    const skipped = format === 'openai' && top ? SAID_IN_CHAT : SAID;
    for (const [key, member] of Object.entries(value as object)) {
      // Those at the top are of a prediction; those further in are a function's schema.
      if (!inList && (skipped.has(key) || (key === 'parameters' && !top))) continue;
      const refusal = walk(member as Json, inList ? name : key, [...steps, key]);
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
  const judge = pinnedTo(home, [], 'openai');
  return (body) =>
    googleOf(body).some((google) => isObject(google) && (google.cached_content ?? google.cachedContent ?? undefined) !== undefined)
      ? { refuse: 'operation_not_allowed', message: 'A cache cannot be continued by this API; use that of Gemini.', param: 'cached_content' }
      : judge(body);
};
