import { GatewayError } from '@llm-proxy-auth/plugin';

/** Which API of Vertex serves a model. */
export type Api = 'gemini' | 'claude' | 'raw' | 'openapi' | 'embeddings';
export interface ModelName {
  readonly publisher: string;
  /** `gemini-2.5-pro`, `claude-haiku-4-5@20251001`; of an own endpoint its number. */
  readonly id: string;
  readonly api: Api;
  /** A tuned or deployed model, which has no publisher in its path. */
  readonly endpoint: boolean;
}

/** Publishers of models that are called by their bare name; first match counts, all others are Google's. */
const BARE: readonly { readonly has: RegExp; readonly publisher: string }[] = Object.freeze([
  { has: /^claude-/, publisher: 'anthropic' },
  { has: /^(?:gemini|gemma|text-embedding|text-multilingual-embedding|multimodalembedding|learnlm)/, publisher: 'google' },
  { has: /^(?:mistral|ministral|magistral|codestral|mixtral)-/, publisher: 'mistralai' },
  { has: /^jamba-/, publisher: 'ai21' },
  { has: /^llama-/, publisher: 'meta' },
  { has: /^deepseek-/, publisher: 'deepseek-ai' },
  { has: /^qwen/, publisher: 'qwen' },
  { has: /^gpt-oss-/, publisher: 'openai' },
  { has: /^kimi-/, publisher: 'moonshotai' },
  { has: /^minimax-/, publisher: 'minimaxai' },
  { has: /^glm-/, publisher: 'zai-org' },
]);
/** Publishers whose models take their vendor's own chat format, which is OpenAI's, at `rawPredict`; with `-maas` they are on the shared endpoint. */
const RAW: ReadonlySet<string> = new Set(['mistralai', 'ai21']);
const EMBEDS = /embed/;
const apiOf = (publisher: string, id: string): Api => {
  if (publisher === 'anthropic') return 'claude';
  if (publisher === 'google' && !id.endsWith('-maas')) return EMBEDS.test(id) ? 'embeddings' : 'gemini';
  return RAW.has(publisher) && !id.endsWith('-maas') ? 'raw' : 'openapi';
};

/** Publishers whose models policies name without them. */
const PLAIN: ReadonlySet<string> = new Set(['google', 'anthropic']);
/** `{publisher}/{id}`, or the bare name where that means this publisher's model anyway. */
export const qualifiedName = (publisher: string, id: string): string =>
  PLAIN.has(publisher) || BARE.find(({ has }) => has.test(id))?.publisher === publisher ? id : `${publisher}/${id}`;
/** An own endpoint: its number, or `endpoints/{name}`, since its name could be a model's. */
export const endpointName = (id: string): string => (/^\d+$/.test(id) ? id : `endpoints/${id}`);

/** What would mean another path or another service; the model comes from a client's JSON and stands in a path. */
const SEGMENT = /^[A-Za-z0-9][A-Za-z0-9._@:-]*$/;
const LONGEST = 256;
const segment = (text: string): boolean => SEGMENT.test(text) && !text.includes('..');
const refused = (name: string): GatewayError =>
  new GatewayError('model_not_found', `"${name.slice(0, 200)}" is not a model of Vertex AI; write its name, {publisher}/{name} or endpoints/{number}.`, {
    param: 'model',
  });

export interface Home {
  readonly project: string;
  readonly location: string;
}
/** Takes `projects/{project}/locations/{location}/` off; both must be the instance's. */
const withinHome = (name: string, home: Home): string => {
  const match = /^projects\/([^/]+)\/locations\/([^/]+)\/(.+)$/.exec(name);
  if (match === null) return name;
  const [, project, location, rest = ''] = match;
  if (project !== home.project) throw new GatewayError('operation_not_allowed', 'The model is of another project than this instance.', { param: 'model' });
  if (location !== home.location)
    throw new GatewayError('region_not_allowed', `The model is named in another location than this instance, which is in ${home.location}.`, {
      param: 'model',
    });
  return rest;
};
/** `claude-haiku-4-5-20251001` of Anthropic's own API is `claude-haiku-4-5@20251001` here. */
const dated = (id: string): string => id.replace(/-(\d{8})$/, '@$1');

/**
 * Reads `gemini-2.5-pro`, `meta/llama-4-maverick-17b-128e-instruct-maas`, `publishers/{publisher}/models/{id}`, `models/{id}`,
 * `endpoints/{number}`, a bare number, or one of these below the instance's own project and location. Throws `model_not_found`,
 * `operation_not_allowed`, `region_not_allowed`.
 */
export const readModelName = (name: string, home: Home): ModelName => {
  if (name.length > LONGEST) throw refused(name);
  const parts = withinHome(name, home).split('/');
  if (!parts.every(segment)) throw refused(name);
  const [first = '', second = '', third = '', fourth = ''] = parts;
  if (parts.length === 1) {
    if (/^\d+$/.test(first)) return { publisher: '', id: first, api: 'gemini', endpoint: true };
    const publisher = BARE.find(({ has }) => has.test(first))?.publisher ?? 'google';
    return made(publisher, first);
  }
  if (parts.length === 2 && first === 'endpoints') return { publisher: '', id: second, api: 'gemini', endpoint: true };
  if (parts.length === 2) return first === 'models' ? made('google', second) : made(first, second);
  if (parts.length === 4 && first === 'publishers' && third === 'models') return made(second, fourth);
  throw refused(name);
};
const made = (publisher: string, id: string): ModelName => {
  const named = publisher === 'anthropic' ? dated(id) : id;
  return { publisher, id: named, api: apiOf(publisher, named), endpoint: false };
};
