import type { IdsInside, Reach } from '@llm-proxy-auth/plugin';

/** Data of the client's own, and results that the model reads: what stands there names nothing of the vendor's. */
const APART: readonly string[] = Object.freeze([
  '/metadata',
  '/output_config/format/schema',
  '/output_format/schema',
  '/tools/*/input_schema',
  '/tools/*/input_examples',
  '/messages/*/content/*/input',
  // Files that code made at the vendor, in results of an earlier answer.
  '/messages/*/content/*/content/content',
]);
/** Files, containers, skills and earlier messages that are stored at the vendor, wherever a body names them. */
const INSIDE: IdsInside = Object.freeze({ members: ['file_id', 'container', 'skill_id', 'previous_message_id'], apart: APART });
/** What a call names of stored objects must be the caller's, and the container in which code ran becomes so. */
export const REACH: Reach = Object.freeze({ class: 'inference', ids: { request: [], inside: INSIDE, reply: ['/container/id'] } });
/** A count makes nothing. */
export const COUNTING: Reach = Object.freeze({ class: 'inference', ids: { request: [], inside: INSIDE, reply: [] } });
