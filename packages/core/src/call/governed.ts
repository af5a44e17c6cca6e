import {
  boundaryOf,
  type Edit,
  type FormResult,
  type FoundField,
  fieldScanner,
  GatewayError,
  multipartScanner,
  type ScanResult,
  type Surface,
} from '@llm-proxy-auth/plugin';
import type { Watcher } from './receive.ts';

/** Where a surface's governed fields stand. */
export interface GovernedPaths {
  readonly model: readonly string[] | undefined;
  readonly stream: readonly string[] | undefined;
  readonly usage: readonly string[] | undefined;
  /** JSON pointers of ids that the caller must own, as paths. */
  readonly ids: readonly (readonly string[])[];
}
/** What was found in a body. */
export interface GovernedBody {
  readonly model: string | undefined;
  readonly stream: boolean;
  readonly ids: readonly string[];
  /** Edits that name another model, or ask for usage. */
  renameModel(to: string): readonly Edit[];
  /** Empty when the client asked itself, undefined when the body does not let us ask. */
  askUsage(): readonly Edit[] | undefined;
  readonly hasBody: boolean;
}
export interface GovernedWatcher extends Watcher {
  result(): GovernedBody;
}
const pointerPath = (pointer: string): readonly string[] =>
  pointer
    .slice(1)
    .split('/')
    .map((s) => s.replaceAll('~1', '/').replaceAll('~0', '~'));

export const governedPaths = (governed: Surface<'opaque'>['governed'] | undefined, ids: readonly string[]): GovernedPaths => ({
  model: Array.isArray(governed?.model) ? governed.model : undefined,
  stream: Array.isArray(governed?.stream) ? governed.stream : undefined,
  usage: governed?.usage,
  ids: ids.filter((p) => p.startsWith('/')).map(pointerPath),
});

const duplicate = (param: string): GatewayError => new GatewayError('invalid_request', `\`${param}\` stands twice in the body; write it once.`, { param });

const NO_BODY: GovernedBody = Object.freeze({
  model: undefined,
  stream: false,
  ids: Object.freeze([]),
  renameModel: () => [],
  askUsage: () => undefined,
  hasBody: false,
});

/** Inserts a member at the start of an object; `{` stands at `start`. */
const insertInto = (start: number, empty: boolean, member: string): Edit => ({ start: start + 1, end: start + 1, text: empty ? member : `${member},` });

const stringOf = (field: FoundField | undefined, param: string): string | undefined => {
  const value = field?.value;
  if (value === undefined || value.kind === 'null') return undefined;
  if (value.kind !== 'string' || value.text === undefined) throw new GatewayError('invalid_request', `\`${param}\` must be a string.`, { param });
  return value.text;
};

const bodyOf = (paths: GovernedPaths, scan: Extract<ScanResult, { ok: true }>): GovernedBody => {
  const at = (path: readonly string[] | undefined): FoundField | undefined =>
    path === undefined ? undefined : scan.fields.find((f) => f.path.join('\0') === path.join('\0'));
  const model = at(paths.model);
  const stream = at(paths.stream);
  const usage = at(paths.usage);
  const kind = stream?.value?.kind;
  if (kind !== undefined && kind !== 'true' && kind !== 'false' && kind !== 'null')
    throw new GatewayError('invalid_request', '`stream` must be true or false.', { param: 'stream' });
  const isObject = scan.top.kind === 'object';
  return {
    model: stringOf(model, 'model'),
    stream: kind === 'true',
    ids: paths.ids.flatMap((path) => {
      const value = at(path)?.value;
      return value?.kind === 'string' && value.text !== undefined ? [value.text] : [];
    }),
    hasBody: true,
    renameModel(to) {
      const text = JSON.stringify(to);
      if (model?.value !== undefined) return [{ start: model.value.start, end: model.value.end, text }];
      return isObject && paths.model?.length === 1 ? [insertInto(scan.top.start, scan.top.empty, `"${paths.model[0]}":${text}`)] : [];
    },
    askUsage() {
      const [outer, inner] = paths.usage ?? [];
      if (outer === undefined || inner === undefined || !isObject) return undefined;
      if (usage?.value?.kind === 'true') return [];
      if (usage?.value !== undefined) return [{ start: usage.value.start, end: usage.value.end, text: 'true' }];
      const container = usage?.containers[1];
      if (container === undefined) return [insertInto(scan.top.start, scan.top.empty, `"${outer}":{"${inner}":true}`)];
      if (container.kind === 'object') return [insertInto(container.start, container.empty, `"${inner}":true`)];
      return container.kind === 'null' ? [{ start: container.start, end: container.end, text: `{"${inner}":true}` }] : undefined;
    },
  };
};

/** `lenient`: transparent mode, where a body that is not JSON is the provider's business unless a rule needs it. */
export const jsonWatcher = (paths: GovernedPaths, maxDepth: number, lenient: boolean): GovernedWatcher => {
  const wanted = [paths.model, paths.stream, paths.usage, ...paths.ids].filter((p) => p !== undefined);
  const scanner = fieldScanner(wanted, { maxDepth });
  let result: ScanResult | undefined;
  let bytes = 0;
  const check = (): void => {
    if (result === undefined || bytes === 0) return;
    if (!result.ok) {
      if (!lenient) throw new GatewayError(result.code, result.message);
      return;
    }
    const [path] = result.duplicates;
    if (path !== undefined) throw duplicate(path.join('.'));
  };
  return {
    push(chunk) {
      bytes += chunk.length;
      scanner.push(chunk);
      if (scanner.duplicated) {
        result = scanner.end();
        check();
        throw duplicate('model');
      }
    },
    end() {
      result = scanner.end();
      check();
    },
    result: () => (result?.ok === true && bytes > 0 ? bodyOf(paths, result) : NO_BODY),
  };
};

/** The model of a multipart body; the bytes stay as they are. */
export const multipartWatcher = (contentType: string, paths: GovernedPaths): GovernedWatcher => {
  const boundary = boundaryOf(contentType);
  if (boundary === undefined) throw new GatewayError('unsupported_media_type', 'The multipart body has no usable boundary.');
  const name = paths.model?.[0];
  const stream = paths.stream?.[0];
  const scanner = multipartScanner(
    boundary,
    [name, stream].filter((n) => n !== undefined),
  );
  let result: FormResult | undefined;
  return {
    push(chunk) {
      scanner.push(chunk);
      if (scanner.failed || scanner.duplicated) this.end();
    },
    end() {
      result = scanner.end();
      if (!result.ok) throw new GatewayError(result.code, result.message);
      const [twice] = result.duplicates;
      if (twice !== undefined) throw duplicate(twice);
    },
    result() {
      const fields = result?.ok === true ? result.fields : scanner.fields;
      const model = name === undefined ? undefined : fields[name];
      return {
        model: model?.text,
        stream: stream !== undefined && fields[stream]?.text === 'true',
        ids: [],
        hasBody: true,
        renameModel: (to) => {
          if (model === undefined) return [];
          if (/[\r\n]/.test(to)) throw new GatewayError('invalid_request', 'A model name has no line breaks.', { param: 'model' });
          return [{ start: model.start, end: model.end, text: to }];
        },
        askUsage: () => undefined,
      };
    },
  };
};
export const noBody = (): GovernedBody => NO_BODY;
