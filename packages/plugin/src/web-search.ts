import type { Place, WebSearch } from './conversation.ts';
import { asObject, asText, type Fields } from './json/members.ts';

const PLACE = ['city', 'region', 'country', 'timezone'] as const;
const SAID: ReadonlySet<string> = new Set(['type', 'name', 'search_context_size', 'user_location']);
const says = (value: unknown): boolean => value !== undefined && value !== null;

const placeOf = (wire: Fields): Place =>
  Object.fromEntries(PLACE.map((name) => [name, asText(wire[name])] as const).filter(([, value]) => value !== undefined)) as Place;
/**
 * A hosted search as OpenAI (`web_search`) and Anthropic (`web_search_20250305`) spell it, for a provider that searches by itself; the name of
 * the first member that says what such a provider is not told (`filters`, `allowed_domains`, `max_uses`), where there is one.
 */
export const readSearchTool = (tool: Fields): WebSearch | { readonly beyond: string } => {
  const beyond = Object.entries(tool).find(([name, value]) => !SAID.has(name) && says(value))?.[0];
  if (beyond !== undefined) return { beyond };
  const size = asText(tool.search_context_size);
  const location = placeOf(asObject(tool.user_location) ?? {});
  return { ...(size === undefined ? {} : { size }), ...(Object.keys(location).length === 0 ? {} : { location }) };
};
