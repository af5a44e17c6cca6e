import { type Bytes, GatewayError, type HeaderPairs, parseJson } from '@llm-proxy-auth/plugin';
import type { Instance } from '../graph.ts';
import type { Head } from '../http/head.ts';
import { bodyKind } from '../http/media-type.ts';
import type { TransparentRoute } from '../http/route.ts';
import type { ShortcutMatch } from '../http/shortcuts.ts';
import type { Exchange } from './exchange.ts';
import { collect } from './receive.ts';

/** The only instance of the shortcut's provider, or the default one. */
const instanceOf = (x: Exchange, provider: string): Instance => {
  const all = [...x.plan.graph.instances.values()].filter((i) => i.kind === provider);
  const found = all.length === 1 ? all[0] : all.find((i) => i.settings.default);
  if (found !== undefined) return found;
  throw new GatewayError(
    'ambiguous_instance',
    all.length === 0
      ? `This route needs an instance of provider ${provider}, and there is none.`
      : `Several instances are of provider ${provider}; mark one with \`default: true\`.`,
  );
};
const headOf = (head: Head, headers: HeaderPairs, body: Bytes): Head => {
  const forward: string[] = [];
  let contentType = '';
  const names = new Set(headers.filter((_, i) => i % 2 === 0));
  for (let i = 0; i < head.forward.length; i += 2) if (!names.has(head.forward[i] ?? '')) forward.push(head.forward[i] ?? '', head.forward[i + 1] ?? '');
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i] === 'content-type') contentType = headers[i + 1] ?? '';
    else forward.push(headers[i] ?? '', headers[i + 1] ?? '');
  }
  return { ...head, forward, contentType, contentEncoding: '', contentLength: body.length, chunked: false };
};

/** The transparent call that a legacy route stands for. Throws what the shortcut refuses, and `ambiguous_instance`. */
export const openShortcut = async (x: Exchange, { shortcut, params }: ShortcutMatch): Promise<TransparentRoute> => {
  const instance = instanceOf(x, shortcut.provider);
  const { head } = x;
  const { bodyLimit, maxDepth } = x.plan.graph.settings.server;
  let json: unknown;
  if (shortcut.reads === true && head !== undefined) {
    bodyKind(head.contentType, head.contentEncoding, ['json']);
    const pieces = await collect(x, bodyLimit, undefined);
    json = parseJson(Buffer.concat(pieces), { maxDepth });
  }
  const opened = shortcut.open(params, json);
  if ('refuse' in opened) throw new GatewayError(opened.refuse as GatewayError['code'], opened.message, { param: opened.param });
  const route = { mode: 'transparent', instance: instance.name, path: opened.path, pattern: shortcut.pattern, aliases: true } as const;
  if (shortcut.reads !== true || head === undefined) return route;
  x.rewritten = Buffer.from(opened.body ?? []);
  x.head = headOf(head, opened.headers, x.rewritten);
  return route;
};
