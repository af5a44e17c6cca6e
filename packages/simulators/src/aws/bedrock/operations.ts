import type { Answer } from '../../http/answer.ts';
import type { CapturedRequest, HeaderPairs } from '../../http/captured.ts';
import { type Fields, isFields } from '../../openai/check.ts';
import { Refusal } from '../../openai/refusal.ts';
import type { Context } from './context.ts';
import { applyGuardrail, countTokens, foundationModel, foundationModels, inferenceProfile, inferenceProfiles } from './control.ts';
import { converse, converseStream } from './converse.ts';
import { invoke, invokeStream } from './invoke.ts';
import { refuse } from './refusal.ts';

type Asked = { readonly call: Context; readonly request: CapturedRequest; readonly params: readonly string[]; readonly query: URLSearchParams };

type Operation = { readonly method: 'GET' | 'POST'; readonly path: RegExp; readonly handle: (asked: Asked) => Answer };

const stream: HeaderPairs = [['content-type', 'application/vnd.amazon.eventstream']];

const jsonAnswer = (body: unknown, headers: HeaderPairs = []): Answer => ({
  status: 200,
  headers: [['content-type', 'application/json'], ...headers],
  body: Buffer.from(JSON.stringify(body)),
});

/** The JSON object of a body. A path decides the operation, so the content type is not looked at by Converse. */
const fieldsIn = (request: CapturedRequest): Fields => {
  let value: unknown;
  try {
    value = request.json();
  } catch {
    throw refuse.serialization('Unable to parse the request body as JSON.');
  }
  if (!isFields(value)) throw refuse.serialization('Start of structure or map found where not expected.');
  return value;
};

/** InvokeModel hands the body to a model, which words its refusals itself. */
const invokeBody = (request: CapturedRequest): Fields => {
  const type = request.header('content-type') ?? 'application/json';
  if (!type.startsWith('application/json')) throw refuse.validation(`Invalid content type: ${type}`);
  const identifier = request.header('x-amzn-bedrock-guardrailidentifier');
  if (identifier !== undefined && request.header('x-amzn-bedrock-guardrailversion') === undefined) {
    throw refuse.validation('Guardrail identifier and version must be provided together.');
  }
  try {
    const value = request.json();
    if (isFields(value)) return value;
  } catch {}
  throw refuse.validation('Malformed input request, please reformat your input and try again.');
};

/** Families that speak OpenAI's format refuse in its words, as a ValidationException. */
const inBedrockWords = <T>(make: () => T): T => {
  try {
    return make();
  } catch (cause) {
    throw cause instanceof Refusal ? refuse.validation(cause.message) : cause;
  }
};

const tierOf = (request: CapturedRequest): HeaderPairs => {
  const tier = request.header('x-amzn-bedrock-service-tier');
  return tier === undefined ? [] : [['X-Amzn-Bedrock-Service-Tier', tier]];
};

const operations: readonly Operation[] = [
  {
    method: 'POST',
    path: /^\/model\/([^/]+)\/converse$/,
    handle: ({ call, request, params: [id = ''] }) => jsonAnswer(converse(call, call.models.require(id), fieldsIn(request))),
  },
  {
    method: 'POST',
    path: /^\/model\/([^/]+)\/converse-stream$/,
    handle: ({ call, request, params: [id = ''] }) => ({
      status: 200,
      headers: stream,
      body: converseStream(call, call.models.require(id), fieldsIn(request)),
    }),
  },
  {
    method: 'POST',
    path: /^\/model\/([^/]+)\/invoke$/,
    handle: ({ call, request, params: [id = ''] }) => {
      const model = call.models.require(id);
      const { body, input, output } = inBedrockWords(() => invoke(call, model, invokeBody(request)));
      return jsonAnswer(body, [
        ['X-Amzn-Bedrock-Input-Token-Count', String(input)],
        ...(model.output === 'TEXT' ? [['X-Amzn-Bedrock-Output-Token-Count', String(output)] as const] : []),
        ['X-Amzn-Bedrock-Invocation-Latency', '400'],
        ...tierOf(request),
      ]);
    },
  },
  {
    method: 'POST',
    path: /^\/model\/([^/]+)\/invoke-with-response-stream$/,
    handle: ({ call, request, params: [id = ''] }) => {
      const model = call.models.require(id);
      const body = inBedrockWords(() => invokeStream(call, model, invokeBody(request)));
      return { status: 200, headers: [...stream, ['X-Amzn-Bedrock-Content-Type', 'application/json'], ...tierOf(request)], body };
    },
  },
  {
    method: 'POST',
    path: /^\/model\/([^/]+)\/count-tokens$/,
    handle: ({ call, request, params: [id = ''] }) => jsonAnswer(countTokens(call, id, fieldsIn(request))),
  },
  {
    method: 'POST',
    path: /^\/guardrail\/([^/]+)\/version\/([^/]+)\/apply$/,
    handle: ({ call, request, params: [id = '', version = ''] }) => jsonAnswer(applyGuardrail(call, id, version, fieldsIn(request))),
  },
  { method: 'GET', path: /^\/foundation-models$/, handle: ({ call, query }) => jsonAnswer(foundationModels(call, query)) },
  { method: 'GET', path: /^\/foundation-models\/([^/]+)$/, handle: ({ call, params: [id = ''] }) => jsonAnswer(foundationModel(call, id)) },
  { method: 'GET', path: /^\/inference-profiles$/, handle: ({ call, query }) => jsonAnswer(inferenceProfiles(call, query)) },
  { method: 'GET', path: /^\/inference-profiles\/([^/]+)$/, handle: ({ call, params: [id = ''] }) => jsonAnswer(inferenceProfile(call, id)) },
];

const decoded = (segment: string): string => {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
};

/** The answer of the operation that the method and the raw path name. */
export const perform = (call: Context, request: CapturedRequest): Answer => {
  const openai = call.openai.answer(request);
  if (openai !== undefined) return openai;
  for (const { method, path, handle } of operations) {
    const match = path.exec(request.path);
    if (match === null || method !== request.method) continue;
    const query = new URLSearchParams(request.target.slice(request.path.length));
    return handle({ call, request, params: match.slice(1).map(decoded), query });
  }
  return {
    status: 404,
    headers: [
      ['content-type', 'application/json'],
      ['x-amzn-ErrorType', 'UnknownOperationException:http://internal.amazon.com/coral/com.amazon.coral.service/'],
    ],
    body: Buffer.from(JSON.stringify({ Output: { __type: 'com.amazon.coral.service#UnknownOperationException' }, Version: '1.0' })),
  };
};
