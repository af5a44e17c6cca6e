import { type Fields, sseEvent, stringifyJson } from '@llm-proxy-auth/plugin';

/** Writes events of one stream: `event:` line, `type`, and a `sequence_number` that counts from 0 without a gap. */
export interface Events {
  write(type: string, fields: Fields): string;
}
export const eventsFrom = (first: number): Events => {
  let number = first;
  return { write: (type, fields) => sseEvent(stringifyJson({ type, sequence_number: number++, ...fields }), type) };
};
/** What may be missing of an answer when it fails: everything that has been written is in `response`. */
export const failureEvents = (events: Events, response: Fields | undefined, error: Fields): string =>
  (response === undefined ? '' : events.write('response.failed', { response })) + events.write('error', error);
