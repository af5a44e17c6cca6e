import { describe, expect, test } from 'vitest';
import { canonicalOf, recordText } from '../src/audit/canonical.ts';
import { AUDIT_FIELDS, AuditRecord } from '../src/audit/record.ts';

const NUMBERS: ReadonlySet<string> = new Set(['at', 'attempts', 'cacheWrite', 'cached', 'cost', 'count', 'input', 'ms', 'n', 'output', 'reasoning', 'status']);
const AWKWARD = 'a"b\\c\u2028\u007f\ud83d\ude00é';
type Fields = Record<string, unknown>;
const sampleOf = (name: string, i: number): unknown => (NUMBERS.has(name) ? i + 0.5 : name === 'estimated' ? i % 2 === 0 : `${AWKWARD}${i}`);
/** `kind`, `at` and `n` are in every record. */
const recordOf = (fields: Fields): AuditRecord => Object.assign(new AuditRecord('call', 1_795_765_296_123), fields);
/** What a reader of the log makes the text of again. */
const canonical = (record: AuditRecord): string => {
  const read = Object.fromEntries(AUDIT_FIELDS.map((name) => [name, record[name]]).filter(([, value]) => value !== undefined));
  return canonicalOf(read).slice(0, -1);
};

describe('the text of an audit record', () => {
  const all = Object.fromEntries(AUDIT_FIELDS.map((name, i) => [name, sampleOf(name, i)]));
  test.each([
    ['of every member', all],
    ['of none', {}],
    ['of numbers that are none', { cost: Number.NaN, ms: Number.POSITIVE_INFINITY, at: Number.NaN }],
    ['of empty texts', { address: '', model: '', request: '', target: '' }],
    ...AUDIT_FIELDS.map((name, i) => [`of ${name}`, { [name]: sampleOf(name, i) }] as [string, Fields]),
    ...AUDIT_FIELDS.map(
      (name) => [`of all but ${name}`, name === 'kind' || name === 'at' || name === 'n' ? all : { ...all, [name]: undefined }] as [string, Fields],
    ),
  ])('%s is its canonical JSON', (_, fields) => {
    const record = recordOf(fields);
    expect(recordText(record)).toBe(canonical(record));
  });

  test.each(AUDIT_FIELDS)('%s is told where it alone differs from the record before', (name) => {
    const other = recordOf({ ...all, [name]: sampleOf(name, 1_000) });
    for (const record of [recordOf(all), other, recordOf(all), other]) expect(recordText(record)).toBe(canonical(record));
  });
});
