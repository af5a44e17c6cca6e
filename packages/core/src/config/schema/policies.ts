import { type Static, Type } from 'typebox';
import { names, object } from './parts.ts';

const Budget = object({
  usd: Type.Number({ minimum: 0, maximum: 1_000_000, description: 'US dollars per window; 0 lets nothing through that costs anything.' }),
  window: Type.Union([Type.Literal('hour'), Type.Literal('day'), Type.Literal('week'), Type.Literal('month')], {
    description: 'By the calendar, in UTC; weeks begin on Monday.',
  }),
  mode: Type.Union([Type.Literal('enforce'), Type.Literal('observe')], { default: 'enforce', description: '`observe` counts and never refuses.' }),
  unpriced: Type.Union([Type.Literal('deny'), Type.Literal('allow')], {
    default: 'deny',
    description: 'Models without a price under an enforced budget: 403, or served and not charged.',
  }),
});
const Limit = object({
  per: Type.Union(
    ['principal', 'credential', 'group', 'instance', 'model', 'policy'].map((v) => Type.Literal(v)),
    { default: 'principal', description: 'What shares one counter.' },
  ),
  requests: Type.Optional(Type.String({ pattern: '^[0-9]+/(s|min|h|d)$', description: 'Requests per window, such as `600/min`.' })),
  tokens: Type.Optional(
    Type.String({
      pattern: '^[0-9]+/(s|min|h|d)$',
      description: 'Tokens of input and output per window, such as `200000/min`; reserved before, corrected after.',
    }),
  ),
  concurrent: Type.Optional(Type.Integer({ minimum: 1, description: 'Calls open at once.' })),
  budget: Type.Optional(Budget),
});
export const Policy = object({
  name: Type.Optional(Type.String({ description: 'Shown by `explain`.' })),
  match: Type.Optional(
    object({
      principal: Type.Optional(Type.String({ description: 'Glob over the principal.' })),
      group: Type.Optional(Type.String({ description: "Glob over the principal's groups." })),
      strategy: Type.Optional(Type.String({ description: 'Kind of the strategy that let the caller in.' })),
      cidr: Type.Optional(Type.String({ description: 'Address range of the caller.' })),
    }),
  ),
  allow: object({
    modes: Type.Optional(Type.Array(Type.Union([Type.Literal('transparent'), Type.Literal('protocol')]), { description: 'Default both.' })),
    classes: Type.Optional(
      Type.Array(Type.Union([Type.Literal('inference'), Type.Literal('models'), Type.Literal('stateful'), Type.Literal('control')]), {
        description: 'Default `[inference, models]`.',
      }),
    ),
    instances: Type.Optional(names('Globs over instances; default all.')),
    models: Type.Optional(names('Globs over model names; default all.')),
    tags: Type.Optional(Type.Record(Type.String(), Type.String(), { description: 'Tags every target must have; values are globs.' })),
  }),
  limits: Type.Optional(Type.Array(Limit, { description: 'Rates, concurrency and budgets of those the policy matches.' })),
});
export type PolicySettings = Static<typeof Policy>;
export type LimitSettings = Static<typeof Limit>;
