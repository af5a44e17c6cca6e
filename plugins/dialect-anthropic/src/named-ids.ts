import type { IdsInside, NamedIds, Reach } from '@llm-proxy-auth/plugin';

/** Data of the client's own, and results that the model reads: what stands there names nothing of the vendor's. */
const apartIn = (body: string): readonly string[] =>
  [
    '/metadata',
    '/output_config/format/schema',
    '/output_format/schema',
    '/tools/*/input_schema',
    '/tools/*/input_examples',
    '/messages/*/content/*/input',
    // Files that code made at the vendor, in results of an earlier answer.
    '/messages/*/content/*/content/content',
    // Compared with an earlier message, of which nothing is shown.
    '/diagnostics',
  ].map((place) => body + place);
/** Files, containers by their name or their description, skills and earlier messages that are stored at the vendor, wherever a body names them. */
const insideOf = (body: string): IdsInside =>
  Object.freeze({
    members: ['file_id', 'container', 'skill_id', 'previous_message_id'],
    builtIn: { skill_id: { with: 'type', value: 'anthropic' } },
    objects: ['container'],
    apart: apartIn(body),
  });

/**
 * What each operation names of stored objects, and what of its answer becomes the caller's. Surfaces and the native tables of
 * providers look here: both modes see the same ids.
 */
export const IDS = Object.freeze({
  /** The container in which code ran is used again by whom it ran for. */
  messages: { request: [], inside: insideOf(''), reply: ['/container/id'] },
  /** A count makes nothing. */
  counting: { request: [], inside: insideOf(''), reply: [] },
  batches: { request: [], inside: insideOf('/requests/*/params'), reply: ['/id'] },
} satisfies Readonly<Record<string, NamedIds>>);

export const REACH: Reach = Object.freeze({ class: 'inference', ids: IDS.messages });
export const COUNTING: Reach = Object.freeze({ class: 'inference', ids: IDS.counting });
