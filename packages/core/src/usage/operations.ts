import type { AdminOperation } from '@llm-proxy-auth/plugin';
import { type Static, Type } from 'typebox';
import { pastOf } from '../admin/past.ts';
import { usageFrom } from './rows.ts';
import { type Bucket, hourOf, increase, NOTHING, type Sums, type Totals } from './totals.ts';

const DIMENSIONS = Object.freeze(['principal', 'model', 'instance', 'hour', 'day'] as const);
type Dimension = (typeof DIMENSIONS)[number];
const SINCE = '30d';
const BY: readonly Dimension[] = Object.freeze(['principal']);
const input = Type.Object(
  {
    since: Type.Optional(Type.String({ default: SINCE, description: 'From the hour of then on: a duration such as 7d, or an ISO date or time.' })),
    until: Type.Optional(Type.String({ description: 'Before the hour of then.' })),
    by: Type.Optional(
      Type.Array(Type.Unsafe<Dimension>({ type: 'string', enum: [...DIMENSIONS] }), {
        default: [...BY],
        minItems: 1,
        uniqueItems: true,
        description: 'What makes a row.',
      }),
    ),
    principal: Type.Optional(Type.String({ minLength: 1, description: 'Of this principal alone.' })),
    model: Type.Optional(Type.String({ minLength: 1, description: 'Of this model alone.' })),
    instance: Type.Optional(Type.String({ minLength: 1, description: 'At this instance alone.' })),
  },
  { additionalProperties: false },
);
type Wanted = Static<typeof input>;

const count = (description: string) => Type.Integer({ minimum: 0, description });
const figures = {
  requests: count('Calls that ended.'),
  errors: count('Of them failed or refused.'),
  interrupted: count('Calls whose gateway died; their tokens are those of its last sign of life, up to 15 s before.'),
  input: count('Tokens of prompts.'),
  output: count('Tokens of answers.'),
  cached: count('Tokens read from a cache.'),
  cacheWrite: count('Tokens written into a cache.'),
  reasoning: count('Tokens of reasoning.'),
  cost: Type.Number({ minimum: 0, description: 'USD, where prices are known.' }),
  estimated: count('Calls whose tokens are an estimate.'),
};
const shownOf = (bucket: Bucket, by: Dimension): string => (by === 'day' ? bucket.hour.slice(0, 10) : bucket[by]);
const totalsOf = ({ requests, errors, interrupted, input: read, output, cached, cacheWrite, reasoning, cost, estimated }: Totals): Totals => ({
  requests,
  errors,
  interrupted,
  input: read,
  output,
  cached,
  cacheWrite,
  reasoning,
  cost,
  estimated,
});
const fits = (bucket: Bucket, { principal, model, instance }: Wanted): boolean =>
  (principal === undefined || bucket.principal === principal) &&
  (model === undefined || bucket.model === model) &&
  (instance === undefined || bucket.instance === instance);

export const USAGE_OPERATIONS: readonly AdminOperation[] = Object.freeze([
  {
    name: 'usage.list',
    summary: 'Requests, tokens and cost by principal, model, instance, hour or day; up to five seconds old.',
    scope: 'usage',
    reads: true,
    input,
    output: Type.Object(
      {
        rows: Type.Array(Type.Object({ ...Object.fromEntries(DIMENSIONS.map((d) => [d, Type.Optional(Type.String())])), ...figures })),
        total: Type.Object(figures),
      },
      { additionalProperties: false },
    ),
    example: 'usage --since 7d --by principal,model',
    async run(given, _caller, host) {
      const wanted = given as Wanted;
      const now = host.now();
      const until = wanted.until === undefined ? undefined : hourOf(pastOf(wanted.until, now, 'until'));
      const rows = new Map<string, Sums & Partial<Record<Dimension, string>>>();
      const total: Sums = { ...NOTHING };
      const damaged = (key: string): void => host.log.warn({ key }, 'a row of the usage says less than nothing; what it says wrongly counts as nothing');
      for await (const bucket of usageFrom(host.store, hourOf(pastOf(wanted.since ?? SINCE, now, 'since')), damaged)) {
        if (until !== undefined && bucket.hour >= until) break;
        if (!fits(bucket, wanted)) continue;
        const named = Object.fromEntries((wanted.by ?? BY).map((by) => [by, shownOf(bucket, by)]));
        const key = JSON.stringify(named);
        const row = rows.get(key) ?? { ...named, ...NOTHING };
        rows.set(key, row);
        increase(row, bucket);
        increase(total, bucket);
      }
      return { rows: [...rows.values()], total: totalsOf(total) };
    },
  },
]);
