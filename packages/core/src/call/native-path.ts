import type { NativeCall } from '@llm-proxy-auth/plugin';
import type { Instance } from '../graph.ts';
import type { Exchange } from './exchange.ts';
import { withIds } from './native-ids.ts';
import { refusalError } from './pinned.ts';

/** RFC 3986: everything but unreserved characters. */
const encode = (text: string): string => encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
const written = (template: string, model: string): string => template.replace('{model}', () => encode(model));

/** What the provider's closed table says of a native path; an unknown one is 403. */
const ask = (x: Exchange, instance: Instance, path: string): NativeCall => {
  const head = { method: x.request.method ?? 'GET', path, query: x.target?.query ?? '', headers: x.head?.forward ?? [], bodyModel: undefined };
  const native = instance.provider.native(head);
  if (!('refuse' in native)) return withIds(native, x.plan.graph.dialects);
  throw refusalError(native);
};
const allowed = (native: NativeCall): NativeCall => {
  if (native.refused !== undefined) throw refusalError(native.refused);
  return native;
};

export interface NativeTarget {
  readonly native: NativeCall;
  /** As it is sent, from the provider's prefix on. */
  readonly path: string;
  /** Name of `models:` that stood in the path in place of a model. */
  readonly alias: string | undefined;
}
/** A native path read by the provider's table, with the model it names, or the one that its name stands for, written into it. */
export const nativeTarget = (x: Exchange, instance: Instance, path: string, aliases: boolean): NativeTarget => {
  const native = ask(x, instance, path);
  const { model, path: template } = native;
  if (native.modelIn !== 'path' || template === undefined || model === undefined) return { native: allowed(native), path, alias: undefined };
  const named = aliases ? x.plan.models.at(instance.name, model) : undefined;
  if (named === undefined) return { native: allowed(native), path: written(template, model), alias: undefined };
  const other = written(template, instance.provider.names?.wire(named) ?? named);
  return { native: allowed(ask(x, instance, other)), path: other, alias: model };
};
