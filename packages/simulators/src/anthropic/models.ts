import { type Fields, isFields } from './check.ts';
import { invalid, notFound } from './refusal.ts';

type ThinkingType = 'enabled' | 'adaptive' | 'disabled' | 'between_tools';
type Effort = 'low' | 'medium' | 'high' | 'xhigh' | 'max';

/** What a model takes and refuses: the capability table of the collected wire facts. */
export type Model = {
  readonly id: string;
  readonly created: string;
  readonly line: 'haiku' | 'sonnet' | 'opus' | 'fable' | null;
  readonly lifecycle: 'active' | 'deprecated' | 'retired';
  readonly window: number;
  readonly maxTokens: number;
  /** `both`: temperature and top_p exclude each other. */
  readonly sampling: 'all' | 'one' | 'none';
  readonly thinking: readonly ThinkingType[];
  /** Thinks when the request does not say. */
  readonly thinksByDefault: boolean;
  readonly efforts: readonly Effort[];
  readonly forcedTools: boolean;
  readonly structured: boolean;
  readonly prefill: boolean;
  /** Takes messages of the role `system`. */
  readonly systemTurns: boolean;
  /** Checks that what stands before a thinking block is what stood there when it was made. */
  readonly bindsThinking: boolean;
  /** Fewest tokens a cached prefix has. */
  readonly cacheMinimum: number;
};

type Family = Omit<Model, 'id' | 'created' | 'line' | 'lifecycle'>;

const old: Family = {
  window: 200_000,
  maxTokens: 8192,
  sampling: 'all',
  thinking: [],
  thinksByDefault: false,
  efforts: [],
  forcedTools: true,
  structured: false,
  prefill: true,
  systemTurns: false,
  bindsThinking: false,
  cacheMinimum: 1024,
};
const four: Family = { ...old, maxTokens: 64_000, thinking: ['enabled', 'disabled'] };
const fourFive: Family = { ...four, sampling: 'one', structured: true };
const fourSix: Family = {
  ...fourFive,
  maxTokens: 128_000,
  sampling: 'all',
  thinking: ['enabled', 'adaptive', 'disabled'],
  efforts: ['low', 'medium', 'high', 'max'],
  prefill: false,
};
const fourSeven: Family = {
  ...fourSix,
  sampling: 'none',
  thinking: ['adaptive', 'disabled'],
  efforts: ['low', 'medium', 'high', 'xhigh', 'max'],
  systemTurns: true,
  cacheMinimum: 2048,
};
const five: Family = { ...fourSeven, window: 1_000_000, thinksByDefault: true, cacheMinimum: 512 };
const fiveFive: Family = { ...five, thinking: ['adaptive', 'between_tools'], forcedTools: false, bindsThinking: true };

/** Newest first, as the service lists them; the name without its date is an alias. */
const table: readonly [id: string, created: string, line: Model['line'], family: Family, lifecycle?: Model['lifecycle']][] = [
  ['claude-fable-5-1', '2026-10-20', 'fable', { ...fiveFive, thinking: ['adaptive'] }],
  ['claude-opus-5-5', '2026-09-22', 'opus', { ...fiveFive, thinking: ['adaptive'] }],
  ['claude-sonnet-5-5', '2026-09-22', 'sonnet', fiveFive],
  ['claude-haiku-5-5', '2026-09-22', 'haiku', { ...fiveFive, thinking: ['adaptive', 'disabled'], forcedTools: true }],
  ['claude-fable-5', '2026-07-14', 'fable', { ...five, thinking: ['adaptive'] }],
  ['claude-opus-5', '2026-06-09', 'opus', { ...five, thinking: ['adaptive', 'enabled', 'disabled'] }],
  ['claude-sonnet-5', '2026-06-09', 'sonnet', { ...five, cacheMinimum: 1024 }],
  ['claude-opus-4-8', '2026-04-28', 'opus', { ...fourSeven, cacheMinimum: 1024 }],
  ['claude-opus-4-7', '2026-03-16', 'opus', fourSeven],
  ['claude-opus-4-6', '2026-02-05', 'opus', { ...fourSix, cacheMinimum: 4096 }],
  ['claude-sonnet-4-6', '2026-02-05', 'sonnet', fourSix],
  ['claude-opus-4-5-20251101', '2025-11-24', 'opus', { ...fourFive, efforts: ['low', 'medium', 'high'], cacheMinimum: 4096 }],
  ['claude-haiku-4-5-20251001', '2025-10-15', 'haiku', { ...fourFive, cacheMinimum: 4096 }],
  ['claude-sonnet-4-5-20250929', '2025-09-29', 'sonnet', fourFive],
  ['claude-opus-4-1-20250805', '2025-08-05', 'opus', { ...four, maxTokens: 32_000, structured: true }],
  ['claude-opus-4-20250514', '2025-05-22', 'opus', { ...four, maxTokens: 32_000 }, 'deprecated'],
  ['claude-sonnet-4-20250514', '2025-05-22', 'sonnet', four, 'deprecated'],
  ['claude-3-7-sonnet-20250219', '2025-02-24', 'sonnet', four, 'deprecated'],
  ['claude-3-5-haiku-20241022', '2024-10-22', 'haiku', old, 'deprecated'],
  ['claude-3-5-sonnet-20240620', '2024-06-20', 'sonnet', old, 'deprecated'],
  ['claude-3-haiku-20240307', '2024-03-07', 'haiku', { ...old, maxTokens: 4096 }, 'deprecated'],
  ['claude-3-opus-20240229', '2024-02-29', 'opus', { ...old, maxTokens: 4096 }, 'deprecated'],
  ['claude-2.1', '2023-11-21', null, { ...old, maxTokens: 4096 }, 'deprecated'],
];

export type Models = {
  list(): readonly Model[];
  find(id: string): Model | undefined;
  /** The model, or the service's 404. */
  require(id: string): Model;
};

const words = (id: string): string =>
  id
    .replace(/-\d{8}$/, '')
    .split('-')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join(' ')
    .replace(/(\d) (\d)/, '$1.$2');

const supported = (yes: boolean): Fields => ({ supported: yes });

/** A model as `GET /v1/models` shows it. */
export const modelObject = (model: Model): Fields => {
  const effort = (name: Effort): Fields => supported(model.efforts.includes(name));
  const thinking = (name: ThinkingType): Fields => supported(model.thinking.includes(name));
  const modern = model.thinking.length > 0;
  return {
    type: 'model',
    id: model.id,
    display_name: words(model.id),
    created_at: `${model.created}T00:00:00Z`,
    lifecycle: model.lifecycle,
    deprecated_at: model.lifecycle === 'active' ? null : '2026-01-05T00:00:00Z',
    retires_at: model.lifecycle === 'active' ? null : '2027-01-05T00:00:00Z',
    line: model.line,
    max_input_tokens: model.window,
    max_tokens: model.maxTokens,
    capabilities: {
      batch: supported(true),
      citations: supported(modern),
      code_execution: supported(modern),
      context_management: {
        supported: modern,
        clear_thinking_20251015: supported(modern),
        clear_tool_uses_20250919: supported(modern),
        compact_20260112: supported(model.thinking.includes('adaptive')),
      },
      effort: {
        supported: model.efforts.length > 0,
        low: effort('low'),
        medium: effort('medium'),
        high: effort('high'),
        max: effort('max'),
        xhigh: effort('xhigh'),
      },
      image_input: supported(model.line !== null),
      pdf_input: supported(modern),
      server_tools: { supported: modern, code_execution: supported(modern), web_search: supported(modern) },
      structured_outputs: supported(model.structured),
      thinking: {
        supported: modern,
        types: {
          adaptive: thinking('adaptive'),
          between_tools: thinking('between_tools'),
          disabled: thinking('disabled'),
          enabled: thinking('enabled'),
        },
      },
    },
  };
};

/** The built-in models and further ones, which take what the older models take. */
export const models = (further: readonly string[] = []): Models => {
  const all: Model[] = [
    ...table.map(([id, created, line, family, lifecycle = 'active']): Model => ({ id, created, line, lifecycle, ...family })),
    ...further.map((id): Model => ({ ...fourFive, sampling: 'all', id, created: '2026-01-01', line: null, lifecycle: 'active' })),
  ];
  const byName = new Map<string, Model>();
  for (const model of all.toReversed()) {
    const bare = model.id.replace(/-\d{8}$/, '');
    for (const name of [model.id, bare, `${bare}-latest`, ...(/-\d$/.test(bare) && !/-\d-\d$/.test(bare) ? [`${bare}-0`] : [])]) byName.set(name, model);
  }
  const find = (id: string): Model | undefined => byName.get(id);
  return {
    list: () => all,
    find,
    require: (id) => {
      const model = find(id);
      if (model === undefined) throw notFound(`model: ${id}`);
      return model;
    },
  };
};

const limitOf = (query: URLSearchParams): number => {
  const limit = Number(query.get('limit') ?? 20);
  if (!Number.isInteger(limit)) throw invalid('limit: Input should be a valid integer, unable to parse string as an integer');
  if (limit < 1) throw invalid('limit: Input should be greater than or equal to 1');
  if (limit > 1000) throw invalid('limit: Input should be less than or equal to 1000');
  return limit;
};

/** One page of a list of objects with ids, newest first: `limit` (20, at most 1000) from `after_id` on, or the page before `before_id`. */
export const page = (all: readonly Fields[], query: URLSearchParams): Fields => {
  const limit = limitOf(query);
  const place = (name: string): number | undefined => {
    const id = query.get(name);
    if (id === null) return undefined;
    const index = all.findIndex((one) => one.id === id);
    if (index === -1) throw invalid(`${name}: Invalid cursor`);
    return index;
  };
  const before = place('before_id');
  const from = before === undefined ? (place('after_id') ?? -1) + 1 : Math.max(0, before - limit);
  const data = all.slice(from, before ?? from + limit);
  const more = before === undefined ? from + limit < all.length : from > 0;
  const idOf = (one: Fields | undefined): unknown => (isFields(one) ? one.id : null);
  return { data, has_more: more, first_id: idOf(data[0]), last_id: idOf(data.at(-1)) };
};
