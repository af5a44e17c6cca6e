import { type Fields, listOf } from '../../openai/check.ts';
import type { Place } from './place.ts';
import { refuse } from './refusal.ts';

/** What dated versions learned when. */
const floors: readonly (readonly [argument: string, since: string])[] = [
  ['stream_options', '2024-09-01'],
  ['max_completion_tokens', '2024-09-01'],
  ['reasoning_effort', '2024-12-01'],
];
/** Refuses what a version does not know yet. */
export const checkFloors = ({ version, api }: Place, fields: Fields): void => {
  if (api !== 'dated' || version === undefined) return;
  for (const [argument, since] of floors) if (version < since && fields[argument] !== undefined && fields[argument] !== null) throw refuse.argument(argument);
  if (version >= '2024-12-01') return;
  const at = listOf(fields.messages).findIndex(({ role }) => role === 'developer');
  if (at >= 0) throw refuse.developer(at);
};
