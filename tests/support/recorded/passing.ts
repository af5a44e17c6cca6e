import { type Recording, recordedBytes, recordedPath } from '@llm-proxy-auth/simulators';
import { pathOf as watsonxPath } from '../../../packages/simulators/test/watsonx-read.ts';
import * as azure from '../azure.ts';
import { COMPARTMENT } from '../gateway.ts';
import { PATH } from '../one-surface/index.ts';
import { HOME, pathOf as vertexPath } from '../vertex.ts';
import { type Alone, type Vendor, vendorOf } from './bench.ts';

/** One call whose bytes pass: where the gateway is asked, where it asks, and what. */
export interface Passing {
  readonly vendor: Vendor;
  readonly path: string;
  readonly upstream: string;
  readonly body: string;
}
const HI = { messages: [{ role: 'user', content: 'hi' }] };
const CONTENTS = { contents: [{ role: 'user', parts: [{ text: 'hi' }] }] };
const OCI = {
  compartmentId: COMPARTMENT,
  servingMode: { servingType: 'ON_DEMAND', modelId: 'meta.llama-3.3-70b-instruct' },
  chatRequest: { apiFormat: 'GENERIC', isStream: true, messages: [{ role: 'USER', content: [{ type: 'TEXT', text: 'hi' }] }], maxTokens: 50 },
};
/** The least that is asked where nothing was recorded, or what was recorded is no request. */
const LEAST: Readonly<Record<string, object>> = {
  anthropic: { model: 'm', max_tokens: 9, ...HI },
  azure_openai: { model: 'm', input: 'hi' },
  bedrock: { messages: [{ role: 'user', content: [{ text: 'hi' }] }] },
  gemini: CONTENTS,
  oci: OCI,
  openai: { model: 'm', input: 'hi' },
  vertex: CONTENTS,
  watsonx: { model_id: 'm', project_id: 'project-1', input: 'hi', inputs: ['hi'], query: 'hi', ...HI },
};
const bodyOf = (one: Recording): object => {
  const { body, url } = one.request;
  const isRecorded = typeof body === 'object' && body !== null && one.provider !== 'oci' && one.provider !== 'watsonx' && !url.startsWith('vertexai:');
  const least = LEAST[one.provider] ?? {};
  return isRecorded || one.operation === 'chat/completions' ? (body as object) : least;
};
/** Spaced oddly, so that anything written anew would differ; who recorded named projects and locations of their own. */
const written = (one: Recording): string =>
  one.request.method === 'GET' ? '' : JSON.stringify(bodyOf(one), undefined, 3).replace(/projects\/[^/"]+\/locations\/[^/"]+/g, HOME);

const query = (url: string): string => /\?.*$/.exec(url)?.[0] ?? '';
const ALONE: Readonly<Record<string, Alone>> = { embedContent: 'embed', batchEmbedContents: 'batch_embed', models: 'models' };
/** The instance that speaks as Google's other API does, and the path of that. */
const atGemini = (one: Recording): string => {
  const isList = recordedBytes(one)[0] === 91;
  const alone = ALONE[one.operation] ?? (one.stream && isList ? 'generate_list' : 'generate');
  return `/gemini/only_${alone}${recordedPath(one)}${one.stream && !isList ? '?alt=sse' : ''}`;
};
const isOfOpenai = ({ operation }: Recording): boolean => /^(chat\/completions|responses)$/.test(operation);
const UPSTREAM: Readonly<Record<string, (one: Recording) => string>> = {
  azure_openai: azure.pathOf,
  bedrock: (one) => {
    if (isOfOpenai(one)) return `/openai/v1/${one.operation}`;
    // The recorder of one kept the prompt in place of the model id.
    return recordedPath(one).startsWith('/model/What is') ? `/model/amazon.titan-text-express-v1/${one.operation}` : recordedPath(one);
  },
  vertex: vertexPath,
  vertex_claude: vertexPath,
  watsonx: (one) => watsonxPath(one) ?? recordedPath(one),
};
/** In transparent mode where the provider has the operation, else in protocol mode with one surface at both ends. */
export const passingOf = (one: Recording): Passing => {
  const body = written(one);
  const vendor = vendorOf(one);
  if (one.provider === 'gemini') return { vendor, path: atGemini(one), upstream: PATH, body };
  const upstream = UPSTREAM[one.provider]?.(one) ?? recordedPath(one);
  // A path of a server that speaks OpenAI's API, which watsonx.ai itself does not have.
  if (one.provider === 'watsonx' && one.operation === 'chat/completions')
    return { vendor: 'openai', path: '/openai/compatible/v1/chat/completions', upstream, body };
  const search = one.provider === 'vertex' ? (one.stream ? '?alt=sse' : '') : query(one.request.url);
  return { vendor, path: `/transparent/main${upstream}${search}`, upstream, body };
};
