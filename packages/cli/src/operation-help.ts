import type { AdminOperation } from '@llm-proxy-auth/plugin';
import { flagOf, type Property, propertiesOf, requiredOf } from './arguments.ts';
import { table } from './terminal.ts';

const wordOf = (property: Property): string => {
  const { type, items, lpa } = property;
  if (lpa === 'file') return ' FILE';
  if (type === 'boolean') return '';
  if (type === 'integer' || type === 'number') return ' NUMBER';
  const choices = (property.enum ?? items?.enum)?.join('|');
  if (type === 'array') return choices === undefined ? ' A,B,…' : ` ${choices},…`;
  return ` ${choices ?? 'TEXT'}`;
};
const remarkOf = (property: Property, required: boolean): string =>
  [required ? 'Required.' : '', property.description ?? '', property.default === undefined ? '' : `Default: ${String(property.default)}.`]
    .filter((part) => part !== '')
    .join(' ');

/** What `--help` says of an administrative operation, from its input schema: every flag with type, need and description. */
export const operationHelp = (operation: AdminOperation): string => {
  const required = requiredOf(operation);
  const properties = Object.entries(propertiesOf(operation));
  const command = `llm-proxy-auth ${operation.name.replace('.', ' ')}`;
  const rows = properties.map(([name, property]) => [`  --${flagOf(name)}${wordOf(property)}`, remarkOf(property, required.includes(name))]);
  const example = operation.example ?? operation.name.replace('.', ' ');
  return `${command}${rows.length === 0 ? '' : ' [options]'}\n\n${operation.summary}\n${rows.length === 0 ? '' : `\n${table(rows)}`}\nExample:\n  llm-proxy-auth ${example}\n`;
};
