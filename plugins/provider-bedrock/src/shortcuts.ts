import { type Fields, type HeaderPairs, isObject, type Refusal, type Shortcut } from '@llm-proxy-auth/plugin';
import { encode } from '@llm-proxy-auth/plugin/sigv4';
import { checkModelId } from './model-id.ts';

const refuse = (param: string, message: string): Refusal => ({ refuse: 'invalid_request', message, param });

/** Members of the envelope that become headers of InvokeModel. */
const HEADERS: Readonly<Record<string, string>> = Object.freeze({
  contentType: 'content-type',
  accept: 'accept',
  trace: 'x-amzn-bedrock-trace',
  guardrailIdentifier: 'x-amzn-bedrock-guardrailidentifier',
  guardrailVersion: 'x-amzn-bedrock-guardrailversion',
  performanceConfigLatency: 'x-amzn-bedrock-performanceconfig-latency',
  serviceTier: 'x-amzn-bedrock-service-tier',
  requestMetadata: 'x-amzn-bedrock-request-metadata',
});
const KNOWN: ReadonlySet<string> = new Set(['modelId', 'body', 'bodyEncoding', ...Object.keys(HEADERS)]);
const HEADER_VALUE = /^[\t\x20-\x7e]*$/;

const headersOf = (envelope: Fields): HeaderPairs | Refusal => {
  const headers: string[] = [];
  for (const [member, name] of Object.entries(HEADERS)) {
    const value = envelope[member] ?? (member === 'contentType' || member === 'accept' ? 'application/json' : undefined);
    if (value === undefined) continue;
    const text = member === 'requestMetadata' && isObject(value) ? JSON.stringify(value) : value;
    if (typeof text !== 'string' || !HEADER_VALUE.test(text)) return refuse(member, `\`${member}\` must be text without control characters.`);
    headers.push(name, text);
  }
  return headers;
};
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const bodyOf = ({ body, bodyEncoding }: Fields): Uint8Array | Refusal => {
  if (bodyEncoding !== undefined && bodyEncoding !== 'base64') return refuse('bodyEncoding', '`bodyEncoding` is "base64" or left out.');
  if (bodyEncoding === 'base64') return typeof body === 'string' && BASE64.test(body) ? Buffer.from(body, 'base64') : refuse('body', '`body` is not base64.');
  if (typeof body === 'string') return Buffer.from(body);
  return isObject(body) ? Buffer.from(JSON.stringify(body)) : refuse('body', '`body` must be the JSON text for the model, or the object itself.');
};
const isRefusal = (v: object): v is Refusal => 'refuse' in v;

/** The envelope of `invoke-model`: names the model, what would be headers, and the body for the model as text. */
const openEnvelope: Shortcut['open'] = (_params, envelope) => {
  if (!isObject(envelope)) return { refuse: 'invalid_request', message: 'The body must be an object with modelId and body.' };
  const stranger = Object.keys(envelope).find((key) => !KNOWN.has(key));
  if (stranger !== undefined) return refuse(stranger, `\`${stranger.slice(0, 80)}\` is no member of this envelope.`);
  const { modelId } = envelope;
  if (typeof modelId !== 'string' || modelId === '') return refuse('modelId', '`modelId` is missing.');
  const headers = headersOf(envelope);
  if (isRefusal(headers)) return headers;
  const body = bodyOf(envelope);
  if (isRefusal(body)) return body;
  try {
    return { path: `/model/${encode(checkModelId(modelId))}/invoke`, headers, body };
  } catch {
    return { refuse: 'model_not_found', message: '`modelId` is not a model id of Bedrock.', param: 'modelId' };
  }
};
const envelope = (pattern: string): Shortcut => ({ method: 'POST', pattern, provider: 'bedrock', reads: true, open: openEnvelope });

/** Routes of the earlier gateway, kept for its users: transparent calls at the default Bedrock instance. */
export const shortcuts: readonly Shortcut[] = Object.freeze([
  envelope('/v1/bedrock/invoke-model'),
  envelope('/bedrock/invoke-model'),
  {
    method: 'POST',
    pattern: '/model/{id}/{operation}',
    provider: 'bedrock',
    open: ({ id = '', operation = '' }) => ({ path: `/model/${id}/${operation}`, headers: [], body: undefined }),
  },
]);
/** Names that the earlier gateway's dashboards ask for. */
export const METRIC_ALIASES: Readonly<Record<string, string>> = Object.freeze({
  bedrock_proxy_requests_total: 'llm_proxy_requests_total',
  bedrock_proxy_request_duration_seconds: 'llm_proxy_request_duration_seconds',
});
