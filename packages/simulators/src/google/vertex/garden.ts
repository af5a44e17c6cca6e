import { models as claudeModels } from '../../anthropic/models.ts';
import type { Fields } from '../../openai/check.ts';
import { type Context, noModel } from './context.ts';
import { embedders, geminis, maas, raw } from './models.ts';

const entry = (publisher: string, id: string, versionId: string): Fields => ({
  name: `publishers/${publisher}/models/${id}`,
  versionId,
  openSourceCategory: 'PROPRIETARY',
  launchStage: 'GA',
  publisherModelTemplate: `projects/{project}/locations/{location}/publishers/${publisher}/models/${id}@${versionId}`,
});
const split = (id: string): readonly [string, string] => [id.slice(0, id.indexOf('/')), id.slice(id.indexOf('/') + 1)];
const all = (): readonly Fields[] => [
  ...[...geminis, ...Object.keys(embedders), 'imagen-4.0-generate-001', 'timesfm'].map((id) => entry('google', id, 'default')),
  ...claudeModels()
    .list()
    .map(({ id }) => entry('anthropic', id.replace(/-\d{8}$/, ''), /-(\d{8})$/.exec(id)?.[1] ?? 'default')),
  ...maas
    .map(split)
    .filter(([publisher]) => publisher !== 'google')
    .map(([publisher, id]) => entry(publisher, id, '001')),
  ...raw.map((id) => entry('mistralai', id, '001')),
];
const PAGE = 100;

/** `GET /v1beta1/publishers/{publisher}/models`: what the garden has, whoever may use it. */
export const listModels = (publisher: string, query: URLSearchParams): Fields => {
  const found = all().filter(({ name }) => String(name).startsWith(`publishers/${publisher}/`));
  const from = Number(Buffer.from(query.get('pageToken') ?? '', 'base64url').toString('utf8') || 0);
  const size = Math.min(Number(query.get('pageSize') ?? PAGE), PAGE);
  const next = from + size < found.length ? { nextPageToken: Buffer.from(String(from + size)).toString('base64url') } : {};
  return found.length === 0 ? {} : { publisherModels: found.slice(from, from + size), ...next };
};
export const findModel = (_call: Context, publisher: string, id: string): Fields => {
  const found = all().find(({ name }) => name === `publishers/${publisher}/models/${id}`);
  if (found === undefined) throw noModel(`publishers/${publisher}/models/${id}`);
  return found;
};
