import { type Building, type EmbedRequest, type Fields, flagField, invalid, some, textField } from '@llm-proxy-auth/plugin';

/** What clients of OpenAI's add to say how vectors are made where they are made by another: names of Cohere's and of Google's. */
type Further = Pick<EmbedRequest, 'purpose' | 'title' | 'truncate'>;

const purpose = (body: Fields): string | undefined => {
  const type = textField(body, 'input_type');
  const task = textField(body, 'task_type');
  if (type !== undefined && task !== undefined && type !== task) throw invalid('task_type', "'input_type' and 'task_type' say the same: send one of them.");
  return type ?? task;
};
const SIDES: ReadonlySet<string> = new Set(['none', 'start', 'end']);
const truncate = (body: Fields): Further['truncate'] => {
  const side = textField(body, 'truncate')?.toLowerCase();
  const auto = flagField(body, 'auto_truncate');
  if (side !== undefined && SIDES.has(side)) return side as Further['truncate'];
  return side !== undefined || auto === undefined ? undefined : auto ? 'end' : 'none';
};
interface Found {
  readonly read: Further;
  /** The members of the body that were understood. */
  readonly names: readonly string[];
}
/** Throws `invalid_request`. A word for what is cut off that nobody knows stays a member of this surface alone. */
export const readFurther = (body: Fields): Found => {
  const read: Further = { ...some('purpose', purpose(body)), ...some('title', textField(body, 'title')), ...some('truncate', truncate(body)) };
  const names = [
    ...(read.purpose === undefined ? [] : ['input_type', 'task_type']),
    ...(read.title === undefined ? [] : ['title']),
    ...(read.truncate === undefined ? [] : ['truncate', 'auto_truncate']),
  ];
  return { read, names };
};
/** The same under the first of the names that each may have. */
export const writeFurther = (r: EmbedRequest): Building => ({ ...some('input_type', r.purpose), ...some('title', r.title), ...some('truncate', r.truncate) });
