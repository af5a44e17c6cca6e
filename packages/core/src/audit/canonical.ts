import { jsonLine, memberOf, quoted } from '../json-text.ts';
import { AUDIT_FIELDS, type AuditRecord } from './record.ts';

/** Texts that no two records share. */
const UNIQUE: ReadonlySet<string> = new Set(['request', 'target']);
const MEMBERS = AUDIT_FIELDS.map((name) => ({ name, before: `,"${name}":`, familiar: UNIQUE.has(name) ? undefined : memberOf(name) }));
/**
 * JSON of a record on its way into the log, its members sorted by name; those that are undefined are left out. Without its last brace:
 * a long text that was joined is copied whole by whoever takes a part of it.
 */
export const recordText = (record: AuditRecord): string => {
  let text = '';
  for (const { name, before, familiar } of MEMBERS) {
    const value = record[name];
    if (value === undefined) continue;
    const member =
      typeof value === 'string'
        ? familiar === undefined
          ? before + quoted(value)
          : familiar(value)
        : before + (typeof value === 'number' && !Number.isFinite(value) ? 'null' : String(value));
    text = text === '' ? `{${member.slice(1)}` : text + member;
  }
  return text;
};
/** The same of a record that was read. */
export const canonicalOf = (record: object): string => {
  const sorted = Object.keys(record).sort();
  return jsonLine(Object.fromEntries(sorted.map((name) => [name, (record as Readonly<Record<string, unknown>>)[name]])));
};
