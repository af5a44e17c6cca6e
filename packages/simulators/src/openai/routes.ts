import type { Answer } from '../http/answer.ts';
import { json } from '../http/answer.ts';
import type { CapturedRequest } from '../http/captured.ts';
import { multipart, type Part } from '../http/multipart.ts';
import { type Fields, isFields, typeName } from './check.ts';
import type { Context } from './context.ts';
import { Refusal, refuse } from './refusal.ts';

/** A request as an endpoint sees it. */
export type Asked = {
  readonly call: Context;
  /** The JSON object of the body; {} where the endpoint takes none. */
  readonly fields: Fields;
  /** The parts of a multipart body, in order. */
  readonly parts: readonly Part[];
  /** Decoded path parameters in order. */
  readonly params: readonly string[];
  readonly query: URLSearchParams;
};

export type Reply = { readonly status?: number; readonly type?: string; readonly body: Answer['body'] };

export type Route = {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** `/v1/files/{id}/content`; a name in braces is one segment. */
  readonly path: string;
  readonly takes: 'nothing' | 'json' | 'multipart' | 'either';
  readonly handle: (asked: Asked) => Reply;
};

export const jsonReply = (value: unknown, status = 200): Reply => ({ status, type: 'application/json', body: json(value) });
export const streamReply = (body: Iterable<Buffer>): Reply => ({ type: 'text/event-stream; charset=utf-8', body });

const paramsOf = (pattern: string, path: string): string[] | undefined => {
  const wanted = pattern.split('/');
  const given = path.split('/');
  if (wanted.length !== given.length) return undefined;
  const params: string[] = [];
  for (const [index, segment] of wanted.entries()) {
    const value = given[index] ?? '';
    if (!segment.startsWith('{')) {
      if (segment !== value) return undefined;
    } else if (value === '') return undefined;
    else params.push(value);
  }
  return params;
};

const decoded = (segment: string): string => {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
};

/** The route for a method and raw path, or the refusal the service gives: 404 for the URL, 405 for the method. */
export const findRoute = (routes: readonly Route[], method: string, path: string): { route: Route; params: string[] } => {
  const known = routes.flatMap((route) => {
    const params = paramsOf(route.path, path);
    return params === undefined ? [] : [{ route, params: params.map(decoded) }];
  });
  if (known.length === 0) {
    const message = `Unknown request URL: ${method} ${path}. Please check the URL for typos, or see the docs at https://platform.openai.com/docs/api-reference/.`;
    throw refuse.notFound(message, null, 'unknown_url');
  }
  const found = known.find(({ route }) => route.method === method);
  if (found !== undefined) return found;
  throw new Refusal(405, {
    message: `Not allowed to ${method} on ${path}. (HINT: Perhaps you meant to use a different HTTP method?)`,
    code: 'method_not_supported',
  });
};

const unsupportedType = (given: string, wanted: string): Refusal =>
  new Refusal(400, {
    message: `Unsupported content type: '${given}'. This API method only accepts '${wanted}' requests, but you specified the header 'Content-Type: ${given}'. Please try again with a supported content type.`,
    code: 'unsupported_content_type',
  });

const jsonFields = (request: CapturedRequest): Fields => {
  let value: unknown;
  try {
    value = request.json();
  } catch {
    throw refuse.plain(
      "We could not parse the JSON body of your request. (HINT: This likely means you aren't using your HTTP library correctly. The OpenAI API expects a JSON payload, but what was sent was not valid JSON. If you have trouble figuring out how to fix this, please contact us through our help center at help.openai.com.)",
    );
  }
  if (!isFields(value)) throw refuse.plain(`Invalid body: expected an object, but got ${typeName(value)} instead.`);
  return value;
};

const formParts = (request: CapturedRequest, type: string): Part[] => {
  try {
    return multipart(type, request.body);
  } catch (cause) {
    throw refuse.plain(`Could not parse multipart form: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
};

/** Reads the body as the route wants it. Endpoints that take nothing ignore a body. */
export const readBody = (route: Route, request: CapturedRequest): Pick<Asked, 'fields' | 'parts'> => {
  if (route.takes === 'nothing') return { fields: {}, parts: [] };
  const type = request.header('content-type') ?? '';
  const media = type.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (route.takes === 'json' || (route.takes === 'either' && media === 'application/json')) {
    if (media !== 'application/json' && request.body.length > 0) throw unsupportedType(type, 'application/json');
    return { fields: request.body.length === 0 ? {} : jsonFields(request), parts: [] };
  }
  if (media !== 'multipart/form-data') throw unsupportedType(type, 'multipart/form-data');
  return { fields: {}, parts: formParts(request, type) };
};

/** Text fields of a form; the last of a name wins. */
export const formFields = (parts: readonly Part[]): Record<string, string> =>
  Object.fromEntries(parts.filter((part) => part.filename === undefined).map((part) => [part.name, part.bytes.toString('utf8')]));

/** The file under one of these names; throws the service's refusal if there is none. */
export const formFile = (parts: readonly Part[], ...names: string[]): Part => {
  const found = parts.find((part) => part.filename !== undefined && names.includes(part.name));
  if (found === undefined) throw refuse.missing(names[0] ?? 'file');
  return found;
};
