import { StsRefusal } from './sts-answer.ts';

/**
 * What the service's API model says of a parameter:
 * https://github.com/boto/botocore/blob/develop/botocore/data/sts/2011-06-15/service-2.json
 */
type Constraint = {
  readonly required?: true;
  readonly pattern?: string;
  /** In UTF-16 code units. */
  readonly min?: number;
  readonly max?: number;
};

const arnPattern = '[\\u0009\\u000A\\u000D\\u0020-\\u007E\\u0085\\u00A0-\\uD7FF\\uE000-\\uFFFD\\u10000-\\u10FFFF]+';
const namePattern = '[\\w+=,.@-]*';
const policyPattern = '[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+';
const tagPattern = '[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]';

const ofRole: Readonly<Record<string, Constraint>> = {
  RoleArn: { required: true, pattern: arnPattern, min: 20, max: 2048 },
  RoleSessionName: { required: true, pattern: namePattern, min: 2, max: 64 },
};

/** By action and parameter. */
const constraints = {
  AssumeRole: {
    ...ofRole,
    Policy: { pattern: policyPattern, min: 1 },
    ExternalId: { pattern: '[\\w+=,.@:\\/-]*', min: 2, max: 1224 },
    SerialNumber: { pattern: '[\\w+=/:,.@-]*', min: 9, max: 256 },
    TokenCode: { pattern: '[\\d]*', min: 6, max: 6 },
    SourceIdentity: { pattern: namePattern, min: 2, max: 64 },
  },
  AssumeRoleWithWebIdentity: {
    ...ofRole,
    WebIdentityToken: { required: true, min: 4, max: 20_000 },
    ProviderId: { min: 4, max: 2048 },
    Policy: { pattern: policyPattern, min: 1, max: 2048 },
  },
} satisfies Readonly<Record<string, Readonly<Record<string, Constraint>>>>;

const tagKey: Constraint = { required: true, pattern: `${tagPattern}+`, min: 1, max: 128 };
const tagValue: Constraint = { required: true, pattern: `${tagPattern}*`, max: 256 };

/** Each breach of one parameter, in the order of the service: pattern, then length. */
const breaches = (value: string | null, place: string, { required, pattern, min = 0, max = Number.POSITIVE_INFINITY }: Constraint): readonly string[] => {
  const sentence = (what: string): string => `Value ${value === null ? 'null' : `'${value}'`} at '${place}' failed to satisfy constraint: Member must ${what}`;
  if (value === null) return required === true ? [sentence('not be null')] : [];
  return [
    ...(pattern === undefined || new RegExp(`^(?:${pattern})$`, 'u').test(value) ? [] : [sentence(`satisfy regular expression pattern: ${pattern}`)]),
    ...(value.length < min ? [sentence(`have length greater than or equal to ${min}`)] : []),
    ...(value.length > max ? [sentence(`have length less than or equal to ${max}`)] : []),
  ];
};

const place = (name: string): string => name.charAt(0).toLowerCase() + name.slice(1);

/** Numbers are 32 bits wide; what is none cannot even be read. */
export const durationOf = (form: URLSearchParams): number | undefined => {
  const given = form.get('DurationSeconds');
  if (given === null) return undefined;
  if (given === '') throw new StsRefusal(400, 'MalformedInput', 'missing value for decimal type');
  const wanted = Number(given);
  if (!/^[+-]?\d+$/.test(given) || wanted !== (wanted | 0)) throw new StsRefusal(400, 'MalformedInput', '');
  return wanted;
};

const durationBreaches = (wanted: number | undefined): readonly string[] => {
  const sentence = (what: string): string => `Value '${wanted}' at 'durationSeconds' failed to satisfy constraint: Member must have value ${what}`;
  if (wanted === undefined) return [];
  if (wanted < 900) return [sentence('greater than or equal to 900')];
  return wanted > 43_200 ? [sentence('less than or equal to 43200')] : [];
};

export type Tag = { readonly key: string | null; readonly value: string | null };

/** `Tags.member.1.Key` and `.Value`, as far as they are numbered without a gap. */
export const givenTags = (form: URLSearchParams): readonly Tag[] => {
  const tags: Tag[] = [];
  for (let index = 1; form.has(`Tags.member.${index}.Key`) || form.has(`Tags.member.${index}.Value`); index += 1) {
    tags.push({ key: form.get(`Tags.member.${index}.Key`), value: form.get(`Tags.member.${index}.Value`) });
  }
  return tags;
};

const tagBreaches = (tags: readonly Tag[]): readonly string[] => [
  ...(tags.length > 50
    ? [`Value '[${tags.map(({ key }) => key).join(', ')}]' at 'tags' failed to satisfy constraint: Member must have length less than or equal to 50`]
    : []),
  ...tags.flatMap(({ key, value }, index) => [
    ...breaches(key, `tags.${index + 1}.member.key`, tagKey),
    ...breaches(value, `tags.${index + 1}.member.value`, tagValue),
  ]),
];

/** All breaches of a call in one refusal. */
export const checkConstraints = (form: URLSearchParams, action: keyof typeof constraints): void => {
  const wanted = durationOf(form);
  const found = [
    ...Object.entries<Constraint>(constraints[action]).flatMap(([name, constraint]) => breaches(form.get(name), place(name), constraint)),
    ...durationBreaches(wanted),
    ...(action === 'AssumeRole' ? tagBreaches(givenTags(form)) : []),
  ];
  if (found.length === 0) return;
  throw new StsRefusal(400, 'ValidationError', `${found.length} validation error${found.length === 1 ? '' : 's'} detected: ${found.join('; ')}`);
};
