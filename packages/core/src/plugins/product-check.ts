import { headerUse } from '../http/credential-slots.ts';
import { typeOfPage } from '../http/page-type.ts';
import type { Group } from './kinds.ts';

type Loose = Readonly<Record<string, unknown>>;
const isRecord = (value: unknown): value is Loose => typeof value === 'object' && value !== null;
const lacking = (value: Loose, functions: readonly string[]): string | undefined => functions.find((f) => typeof value[f] !== 'function');

const METHODS: Readonly<Record<Group, readonly string[]>> = Object.freeze({
  store: ['get', 'list', 'commit', 'append', 'read', 'changed'],
  counters: ['take', 'beat', 'settle'],
  auth: ['authenticate'],
  factor: ['verify'],
  dialect: ['error', 'readError'],
  provider: ['endpoint', 'native', 'sign'],
  pages: [],
});
const DATA: Readonly<Record<Group, (value: Loose, kind: string) => string | undefined>> = Object.freeze({
  store: () => undefined,
  counters: () => undefined,
  auth: (v) => (Array.isArray(v.slots) && typeof v.challenge === 'string' && typeof v.issued === 'boolean' ? undefined : 'slots, challenge or issued'),
  // Its code must stand where the gateway takes it out of the request.
  factor: (v) =>
    typeof v.header === 'string' && headerUse(v.header.toLowerCase()) === 'factor' ? undefined : "a header that is the second factor's, such as X-TOTP-Code",
  dialect: (v, kind) => (v.name !== kind ? `the name "${kind}"` : Array.isArray(v.surfaces) ? undefined : 'surfaces'),
  provider: (v) => {
    const base = v.base;
    const whole = isRecord(base) && [base.origin, base.path, base.prefix, v.region, v.errors].every((t) => typeof t === 'string');
    return whole && (v.signs === 'head' || v.signs === 'body') ? undefined : 'base, region, errors or signs';
  },
  pages: ({ files }) => {
    if (!isRecord(files) || !Object.hasOwn(files, 'index.html')) return 'index.html';
    const wrong = Object.entries(files).find(([name, body]) => typeOfPage(name) === undefined || !(typeof body === 'string' || body instanceof Uint8Array));
    return wrong === undefined ? undefined : `a file in place of ${JSON.stringify(wrong[0].slice(0, 80))}`;
  },
});
/** What a created thing lacks to be of its group; undefined when it is whole. */
export const productRefusal = (group: Group, kind: string, value: unknown): string | undefined =>
  isRecord(value) ? (lacking(value, METHODS[group]) ?? DATA[group](value, kind)) : 'everything';
