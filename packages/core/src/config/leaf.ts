import { Value } from 'typebox/value';
import { suggestion } from './nearest.ts';
import { choicesOf, type Shape, schemaOf, typesOf } from './shape.ts';

export interface Written {
  readonly raw: string | number | boolean;
  /** The text came, in part, from outside the file: it is never shown. */
  readonly expanded: boolean;
}

const UNIT_MS: Readonly<Record<string, number>> = Object.freeze({ ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 });
const UNIT_BYTES: Readonly<Record<string, number>> = Object.freeze({ B: 1, KiB: 1_024, MiB: 1_048_576, GiB: 1_073_741_824 });
const NUMBER = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/;

/** Values the written scalar may stand for, best first: text that was expanded is also read as number or boolean. */
export const candidates = (written: Written, shape: Shape): readonly (string | number | boolean)[] => {
  const { raw } = written;
  if (typeof raw !== 'string' || !written.expanded) return [raw];
  const types = typesOf(shape);
  const any = types.length === 0;
  const all: (string | number | boolean)[] = types.includes('string') || any ? [raw] : [];
  const text = raw.trim();
  if ((any || types.includes('number') || types.includes('integer')) && NUMBER.test(text)) all.push(Number(text));
  if ((any || types.includes('boolean')) && (text === 'true' || text === 'false')) all.push(text === 'true');
  return all.length === 0 ? [raw] : all;
};
export const accepts = (shape: Shape, value: unknown): boolean => Value.Check(schemaOf(shape), value);

/** `15s` in the smallest unit; the text has the form of its field. */
const measured = (text: string, units: Readonly<Record<string, number>>): number => {
  const amount = Number.parseFloat(text);
  return amount * (units[text.slice(/^[0-9.]*/.exec(text)?.[0].length ?? 0)] ?? 1);
};
const withoutSlashes = (url: string): string => {
  let end = url.length;
  while (url[end - 1] === '/') end--;
  return url.slice(0, end);
};
/** Duration → ms, size → bytes, percent → ratio, base URL without trailing slash; everything else as it is. */
export const converted = (shape: Shape, raw: string | number | boolean): unknown => {
  if (typeof raw !== 'string') return raw;
  if (shape.lpa === 'duration') return measured(raw, UNIT_MS);
  if (shape.lpa === 'size') return measured(raw.replace('/s', ''), UNIT_BYTES);
  if (shape.lpa === 'percent') return Number.parseFloat(raw) / 100;
  return shape.lpa === 'url' && shape.asWritten !== true ? withoutSlashes(raw) : raw;
};

const FORMS: Readonly<Record<string, string>> = Object.freeze({
  duration: 'must be a duration such as 250ms, 15s, 5m, 12h or 90d',
  size: 'must be a size such as 64KiB or 32MiB, or a number of bytes',
  percent: 'must be a percentage such as 20%',
  url: 'must be a base URL such as https://host/path',
});
const KIND_NAMES: Readonly<Record<string, string>> = Object.freeze({
  string: 'text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  object: 'a map of keys',
  array: 'a list',
  null: 'empty',
});
export const kindNames = (shape: Shape): string =>
  typesOf(shape)
    .map((t) => KIND_NAMES[t] ?? t)
    .join(' or ') || 'another kind of value';
const typeOf = (value: unknown): string => (typeof value === 'number' && Number.isInteger(value) ? 'integer' : typeof value);
const typeFits = (shape: Shape, value: unknown): boolean => {
  const types = typesOf(shape);
  return types.length === 0 || types.includes(typeOf(value)) || (typeof value === 'number' && types.includes('number'));
};

/** Why a scalar does not fit, as a sentence without the value where it came from outside the file. */
export const refusal = (shape: Shape, written: Written): { readonly code: 'wrong_type' | 'wrong_value'; readonly message: string } => {
  const shown = written.expanded || shape.lpa === 'secret' ? undefined : String(written.raw).slice(0, 80);
  const choices = choicesOf(shape);
  if (choices !== undefined) {
    const list = choices.map((c) => JSON.stringify(c)).join(', ');
    const near = shown === undefined ? '' : suggestion(shown, choices.map(String));
    return { code: 'wrong_value', message: `must be ${choices.length === 1 ? list : `one of ${list}`}${near.startsWith(', did') ? near : ''}` };
  }
  const form = shape.lpa === undefined ? undefined : FORMS[shape.lpa];
  if (form !== undefined) return { code: typeFits(shape, written.raw) ? 'wrong_value' : 'wrong_type', message: form };
  if (!typeFits(shape, written.raw)) {
    const quote = typesOf(shape).includes('string') && typeof written.raw !== 'string' ? '; write it in quotes' : '';
    return { code: 'wrong_type', message: `must be ${kindNames(shape)}${quote}` };
  }
  if (shape.minLength !== undefined && written.raw === '') return { code: 'wrong_value', message: 'must not be empty' };
  if (shape.pattern !== undefined) return { code: 'wrong_value', message: `must have the form ${shape.pattern}` };
  const [first] = Value.Errors(schemaOf(shape), written.raw);
  return { code: 'wrong_value', message: first?.message ?? 'is not allowed here' };
};
