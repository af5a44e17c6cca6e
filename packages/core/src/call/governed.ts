import {
  boundaryOf,
  type Edit,
  type FieldScanner,
  type FoundField,
  type FoundValue,
  fieldScanner,
  GatewayError,
  multipartScanner,
  type ScanResult,
} from '@llm-proxy-auth/plugin';
import type { GovernedPaths } from './governed-paths.ts';
import type { Watcher } from './receive.ts';

/** What was found in a body. */
export interface GovernedBody {
  readonly model: string | undefined;
  readonly stream: boolean;
  readonly ids: readonly string[];
  /** The flag of `ids.replyWhen` is true. */
  readonly flagged: boolean;
  /** Edits that write the model into the body, in place of the one it names. Throws 400 where there is no place for it. */
  renameModel(to: string): readonly Edit[];
  /** Empty when the client asked itself, undefined when the body does not let us ask. */
  askUsage(): readonly Edit[] | undefined;
  readonly hasBody: boolean;
  /** Numbers of the body that bound its answer, where their places were asked for. */
  bounds(pieces: readonly Uint8Array[]): Bounds;
  /** Whether one of the keys stands in it without which it names no id inside; undefined: nobody looked. */
  readonly keyed?: boolean | undefined;
}
export interface Bounds {
  /** Tokens of one answer; undefined: the body does not say. */
  readonly output: number | undefined;
  /** Tokens of one where the body does not say; undefined: as everywhere. */
  readonly usual: number | undefined;
  /** Answers wanted, over all prompts. */
  readonly choices: number;
  /** The answer is made in the background: what it uses is not told by the call. */
  readonly later: boolean;
}
export interface GovernedWatcher extends Watcher {
  result(): GovernedBody;
  /** The beginning has been decided on: what still comes may name no model and no stored object. Throws where one has begun. */
  settle?(): void;
}
const duplicate = (param: string): GatewayError => new GatewayError('invalid_request', `\`${param}\` stands twice in the body; write it once.`, { param });
const late = (param: string): GatewayError =>
  new GatewayError('invalid_request', `\`${param}\` stands behind the part of the form that was sent already; write it before the files, and once.`, { param });

const NO_BOUNDS: Bounds = Object.freeze({ output: undefined, usual: undefined, choices: 1, later: false });
const NO_BODY: GovernedBody = Object.freeze({
  model: undefined,
  stream: false,
  ids: Object.freeze([]),
  flagged: false,
  renameModel: () => [],
  askUsage: () => undefined,
  hasBody: false,
  bounds: () => NO_BOUNDS,
});

/** Inserts a member at the start of an object; `{` stands at `start`. */
const insertInto = (start: number, empty: boolean, member: string): Edit => ({ start: start + 1, end: start + 1, text: empty ? member : `${member},` });

const stringOf = (field: FoundField | undefined, param: string): string | undefined => {
  const value = field?.value;
  if (value === undefined || value.kind === 'null') return undefined;
  if (value.kind !== 'string' || value.text === undefined) throw new GatewayError('invalid_request', `\`${param}\` must be a string.`, { param });
  return value.text;
};

/** The text at `[start, end)` of a body in pieces. */
const textAt = (pieces: readonly Uint8Array[], start: number, end: number): string => {
  let at = 0;
  let text = '';
  for (const piece of pieces) {
    const [from, to] = [Math.max(start - at, 0), Math.min(end - at, piece.length)];
    if (from < to) text += Buffer.from(piece.buffer, piece.byteOffset + from, to - from).toString('latin1');
    at += piece.length;
  }
  return text;
};
/** The largest number above 0. */
const largest = (numbers: readonly (number | undefined)[]): number | undefined =>
  numbers.reduce((most, said) => (said !== undefined && said > (most ?? 0) ? said : most), undefined);
/** Some APIs read a number in quotes as one. */
const numberOf = (pieces: readonly Uint8Array[], value: FoundValue | undefined): number | undefined => {
  if (value?.kind === 'string') return Number(value.text);
  return value?.kind === 'number' ? Number(textAt(pieces, value.start, value.end)) : undefined;
};
/** What a JSON body says; a class, since every request makes one. */
class JsonBody implements GovernedBody {
  readonly model: string | undefined;
  readonly stream: boolean;
  readonly flagged: boolean;
  readonly hasBody = true;
  readonly keyed: boolean | undefined;
  readonly #paths: GovernedPaths;
  readonly #scan: Extract<ScanResult, { ok: true }>;
  constructor(paths: GovernedPaths, scan: Extract<ScanResult, { ok: true }>) {
    this.keyed = paths.keys === undefined ? undefined : scan.keyed;
    this.#paths = paths;
    this.#scan = scan;
    this.model = stringOf(scan.fields[paths.modelAt], 'model');
    const kind = scan.fields[paths.streamAt]?.value?.kind;
    if (kind !== undefined && kind !== 'true' && kind !== 'false' && kind !== 'null')
      throw new GatewayError('invalid_request', '`stream` must be true or false.', { param: 'stream' });
    this.stream = kind === 'true';
    this.flagged = scan.fields[paths.flagAt]?.value?.kind === 'true';
  }
  get ids(): readonly string[] {
    if (this.#paths.idsFrom === this.#paths.wanted.length) return NO_BODY.ids;
    return this.#scan.fields.slice(this.#paths.idsFrom).flatMap(({ value }) => (value?.kind === 'string' && value.text !== undefined ? [value.text] : []));
  }
  bounds(pieces: readonly Uint8Array[]): Bounds {
    const { outputAt, choicesAt, promptsAt, laterAt, usual } = this.#paths;
    const { fields } = this.#scan;
    const later = fields[laterAt]?.value?.kind;
    const prompts = promptsAt.reduce((sum, place) => sum + (fields[place]?.value?.items ?? 0), 0);
    return {
      output: this.#most(pieces, outputAt),
      usual,
      choices: (this.#most(pieces, choicesAt) ?? 1) * Math.max(prompts, 1),
      later: later !== undefined && later !== 'false' && later !== 'null',
    };
  }
  #most(pieces: readonly Uint8Array[], places: readonly number[]): number | undefined {
    return largest(places.map((place) => numberOf(pieces, this.#scan.fields[place]?.value)));
  }
  renameModel(to: string): readonly Edit[] {
    const { top, fields } = this.#scan;
    const path = this.#paths.model;
    const value = fields[this.#paths.modelAt]?.value;
    const text = JSON.stringify(to);
    if (value !== undefined) return [{ start: value.start, end: value.end, text }];
    if (path === undefined) return [];
    // Unwritten, the provider would choose a model of its own instead of the one that was allowed.
    if (top.kind !== 'object' || path.length > 1) throw new GatewayError('invalid_request', 'The body has no place for its model; send a JSON object.');
    return [insertInto(top.start, top.empty, `"${path[0]}":${text}`)];
  }
  askUsage(): readonly Edit[] | undefined {
    const { top, fields } = this.#scan;
    const [outer, inner] = this.#paths.usage ?? [];
    if (outer === undefined || inner === undefined || top.kind !== 'object') return undefined;
    const usage = fields[this.#paths.usageAt];
    if (usage?.value?.kind === 'true') return [];
    if (usage?.value !== undefined) return [{ start: usage.value.start, end: usage.value.end, text: 'true' }];
    const container = usage?.containers[1];
    if (container === undefined) return [insertInto(top.start, top.empty, `"${outer}":{"${inner}":true}`)];
    if (container.kind === 'object') return [insertInto(container.start, container.empty, `"${inner}":true`)];
    return container.kind === 'null' ? [{ start: container.start, end: container.end, text: `{"${inner}":true}` }] : undefined;
  }
}

class JsonWatcher implements GovernedWatcher {
  readonly #paths: GovernedPaths;
  readonly #lenient: boolean;
  readonly #scanner: FieldScanner;
  #result: ScanResult | undefined;
  #bytes = 0;
  constructor(paths: GovernedPaths, maxDepth: number, lenient: boolean) {
    this.#paths = paths;
    this.#lenient = lenient;
    this.#scanner = fieldScanner(paths.wanted, { maxDepth, controls: lenient ? 'pass' : 'refuse', lists: paths.promptsAt, keys: paths.keys });
  }
  push(chunk: Uint8Array): void {
    this.#bytes += chunk.length;
    this.#scanner.push(chunk);
    if (!this.#scanner.duplicated) return;
    this.end();
    throw duplicate('model');
  }
  end(): void {
    const result = this.#scanner.end();
    this.#result = result;
    if (this.#bytes === 0) return;
    if (!result.ok) {
      if (!this.#lenient) throw new GatewayError(result.code, result.message);
      return;
    }
    const [path] = result.duplicates;
    if (path !== undefined) throw duplicate(path.join('.'));
  }
  result(): GovernedBody {
    return this.#result?.ok === true && this.#bytes > 0 ? new JsonBody(this.#paths, this.#result) : NO_BODY;
  }
}
/** `lenient`: transparent mode, where a body that is not JSON is the provider's business unless a rule needs it. */
export const jsonWatcher = (paths: GovernedPaths, maxDepth: number, lenient: boolean): GovernedWatcher => new JsonWatcher(paths, maxDepth, lenient);

/** The model of a multipart body, and ids among its fields; the bytes stay as they are. */
export const multipartWatcher = (contentType: string, paths: GovernedPaths): GovernedWatcher => {
  const boundary = boundaryOf(contentType);
  if (boundary === undefined) throw new GatewayError('unsupported_media_type', 'The multipart body has no usable boundary.');
  const name = paths.model?.[0];
  const stream = paths.stream?.[0];
  const counts = paths.choicesAt.flatMap((place) => paths.wanted[place]?.[0] ?? []);
  const scanner = multipartScanner(
    boundary,
    [name, stream, ...counts].filter((n) => n !== undefined),
    paths.members,
  );
  let settled = false;
  const checkOnce = (): void => {
    const [twice] = scanner.duplicates;
    if (twice !== undefined) throw settled ? late(twice) : duplicate(twice);
  };
  return {
    push(chunk) {
      scanner.push(chunk);
      if (scanner.failed) this.end();
      checkOnce();
    },
    end() {
      const result = scanner.end();
      if (!result.ok) throw new GatewayError(result.code, result.message);
      checkOnce();
    },
    settle() {
      settled = true;
      scanner.settle(name);
      checkOnce();
    },
    result() {
      const { fields } = scanner;
      const model = name === undefined ? undefined : fields[name];
      return {
        model: model?.text,
        stream: stream !== undefined && fields[stream]?.text === 'true',
        ids: scanner.inner,
        flagged: false,
        hasBody: true,
        renameModel: (to) => {
          if (name === undefined) return [];
          if (/[\r\n]/.test(to)) throw new GatewayError('invalid_request', 'A model name has no line breaks.', { param: 'model' });
          if (model !== undefined) return [{ start: model.start, end: model.end, text: to }];
          // Bodies begin with their first delimiter.
          return [{ start: 0, end: 0, text: `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${to}\r\n` }];
        },
        askUsage: () => undefined,
        bounds: () => ({ ...NO_BOUNDS, usual: paths.usual, choices: largest(counts.map((count) => Number(fields[count]?.text))) ?? 1 }),
      };
    },
  };
};
export const noBody = (): GovernedBody => NO_BODY;
