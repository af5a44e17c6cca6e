import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';
import type { CapturedRequest } from '../http/captured.ts';
import { type Fields, isFields } from './check.ts';
import { type Reading, versions } from './messages-check.ts';
import { invalid, Refusal, unauthenticated } from './refusal.ts';

const bearerOf = (request: CapturedRequest): string | undefined => /^Bearer\s+(\S+)\s*$/i.exec(request.header('authorization') ?? '')?.[1];

/** The key in `x-api-key`, else as a bearer token; a wrong `x-api-key` beside a good token is refused. */
export const checkKey = (request: CapturedRequest, keys: ReadonlySet<string>): void => {
  if (request.header('origin') !== undefined && request.header('anthropic-dangerous-direct-browser-access') !== 'true') {
    throw unauthenticated("CORS requests must set 'anthropic-dangerous-direct-browser-access' header");
  }
  const key = request.header('x-api-key');
  const bearer = bearerOf(request);
  if (key !== undefined) {
    if (!keys.has(key)) throw unauthenticated('invalid x-api-key');
  } else if (bearer === undefined) throw unauthenticated('x-api-key header is required');
  else if (!keys.has(bearer)) throw unauthenticated('Invalid bearer token');
};

/** Beta names the service knows; a name is enough, whatever its date. */
const betas = [
  'advanced-tool-use-',
  'claude-code-',
  'code-execution-',
  'compact-',
  'computer-use-',
  'context-1m-',
  'context-management-',
  'effort-',
  'extended-cache-ttl-',
  'fast-mode-',
  'files-api-',
  'fine-grained-tool-streaming-',
  'interleaved-thinking-',
  'mcp-client-',
  'message-batches-',
  'message-threads-',
  'mid-conversation-output-config-',
  'mid-conversation-tool-changes-',
  'models-',
  'oauth-',
  'output-128k-',
  'output-300k-',
  'pdfs-',
  'prompt-caching-',
  'server-side-fallback-',
  'skills-',
  'structured-outputs-',
  'task-budgets-',
  'thinking-binding-controls-',
  'thinking-display-updates-',
  'token-counting-',
  'token-efficient-tools-',
  'tool-search-tool-',
  'web-fetch-',
];

/** Betas of a request, or the refusal of one the service does not know. */
export const betasIn = (request: CapturedRequest): readonly string[] => {
  const named = request.headers
    .filter(([name]) => name.toLowerCase() === 'anthropic-beta')
    .flatMap(([, value]) => value.split(','))
    .map((one) => one.trim())
    .filter((one) => one !== '');
  const unknown = named.filter((one) => !betas.some((known) => one.startsWith(known)));
  if (unknown.length > 0) {
    throw invalid(
      `Unexpected value(s) ${unknown.map((one) => `\`${one}\``).join(', ')} for the \`anthropic-beta\` header. Please consult our documentation at docs.anthropic.com or try again without the header.`,
    );
  }
  return named;
};

/** Version and betas of a request, or the refusal of headers the service does not take. */
export const readHeaders = (request: CapturedRequest): Reading => {
  const given = request.header('anthropic-version');
  if (given === undefined) throw invalid('anthropic-version: header is required');
  const version = versions.find((one) => one === given);
  if (version === undefined)
    throw invalid(`anthropic-version: "${given}" is not a valid version. You can find a list of valid versions at https://docs.claude.com/en/api/versioning`);
  return { version, betas: betasIn(request) };
};

const decoders: Readonly<Record<string, (bytes: Buffer) => Buffer>> = Object.freeze({
  identity: (bytes: Buffer) => bytes,
  gzip: (bytes: Buffer) => gunzipSync(bytes),
  deflate: (bytes: Buffer) => inflateSync(bytes),
  br: (bytes: Buffer) => brotliDecompressSync(bytes),
});

/** The body without its content coding. */
const decoded = (request: CapturedRequest): Buffer => {
  const coding = (request.header('content-encoding') ?? 'identity').trim().toLowerCase();
  const decode = Object.hasOwn(decoders, coding) ? decoders[coding] : undefined;
  if (decode === undefined) throw invalid(`Unsupported content encoding: ${coding}`, 'request_body_encoding_unsupported');
  try {
    return decode(request.body);
  } catch {
    throw invalid('The request body could not be decoded', 'request_body_encoding_invalid');
  }
};

/** Most bytes of a request to messages; batches and files take more. */
const mostBytes = 32 * 1024 * 1024;

/** The JSON object of the body. */
export const readJson = (request: CapturedRequest, most = mostBytes): Fields => {
  if (request.body.length > most) throw new Refusal(413, 'request_too_large', 'Request exceeds the maximum size');
  const bytes = decoded(request);
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw invalid(`The request body is not valid JSON: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
  if (!isFields(value)) throw invalid('Input should be an object');
  return value;
};
