import { sseFrame } from '../../http/answer.ts';
import { type Fields, fieldsOf, listOf, textOf } from '../../openai/check.ts';

const severity = (filtered: boolean) => ({ filtered, severity: filtered ? 'medium' : 'safe' });
const detection = { detected: false, filtered: false };
const severities = (violence: boolean) => ({ hate: severity(false), self_harm: severity(false), sexual: severity(false), violence: severity(violence) });

/** What the filters found in a prompt. */
export const promptResults = (blocked: boolean): Fields => ({ ...severities(blocked), jailbreak: detection });
const completionResults = (blocked: boolean): Fields => ({
  ...severities(blocked),
  protected_material_code: detection,
  protected_material_text: detection,
});
const ofPrompt = [{ prompt_index: 0, content_filter_results: promptResults(false) }];

/** All texts of a prompt that a filter looks at. */
const promptText = (fields: Fields): string => JSON.stringify(fields.messages ?? fields.prompt ?? fields.input ?? '');
/** `forbidden prompt` in a prompt is what the filters do not let in. */
export const isBlocked = (fields: Fields): boolean => /\bforbidden prompt\b/i.test(promptText(fields));
/** `trip a late filter`: a filter that runs beside the model finds something when the answer has ended. */
const isLate = (fields: Fields): boolean => /\btrip a late filter\b/i.test(promptText(fields));

/** A whole completion with what the filters found. */
export const withResults = (completion: Fields): Fields => ({
  ...completion,
  choices: listOf(completion.choices).map((choice) => ({
    ...choice,
    content_filter_results: completionResults(choice.finish_reason === 'content_filter'),
  })),
  prompt_filter_results: ofPrompt,
  system_fingerprint: completion.system_fingerprint ?? null,
});

const empty = { id: '', object: '', created: 0, model: '' };
const annotation = (index: unknown, end: number, reason: string | null): Fields => ({
  ...empty,
  choices: [
    {
      index,
      finish_reason: reason,
      content_filter_results: completionResults(reason !== null),
      content_filter_offsets: { check_offset: end, start_offset: 0, end_offset: end },
    },
  ],
});
const payload = (frame: Buffer): Fields | undefined => {
  const data = frame
    .toString('utf8')
    .replace(/^data: /, '')
    .trim();
  return data === '[DONE]' ? undefined : fieldsOf(JSON.parse(data));
};
export type FilterMode = 'sync' | 'async';

/**
 * The chunks of a stream with what the filters found: of the prompt first, in a chunk without choices; of the answer beside each piece,
 * or, where the filter runs beside the model, in chunks without a delta, the last of them behind the end.
 */
export function* filtered(frames: Iterable<Buffer>, fields: Fields, mode: FilterMode): Generator<Buffer> {
  yield sseFrame({ choices: [], ...empty, prompt_filter_results: ofPrompt });
  let length = 0;
  let ends = 0;
  const late: Fields[] = [];
  for (const frame of frames) {
    const chunk = payload(frame);
    const choices = listOf(chunk?.choices);
    if (chunk === undefined || choices.length === 0) {
      for (const one of late.splice(0)) yield sseFrame(one);
      yield chunk === undefined ? frame : sseFrame(chunk);
      continue;
    }
    length += choices.reduce((sum, choice) => sum + textOf(fieldsOf(choice.delta).content ?? choice.text).length, 0);
    const ended = choices.find(({ finish_reason }) => typeof finish_reason === 'string');
    const found = mode === 'async' ? undefined : ended === undefined ? {} : completionResults(ended.finish_reason === 'content_filter');
    yield sseFrame({ ...chunk, choices: choices.map((choice) => (found === undefined ? choice : { ...choice, content_filter_results: found })) });
    if (mode !== 'async') continue;
    if (ended !== undefined) late.push(annotation(ended.index, length, isLate(fields) ? 'content_filter' : null));
    else if (++ends % 4 === 0) yield sseFrame(annotation(choices[0]?.index, length, null));
  }
}
