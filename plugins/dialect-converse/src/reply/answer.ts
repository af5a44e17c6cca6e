import type { Call, Finish, Part } from '@llm-proxy-auth/plugin';
import type { Memo } from '../request/foreign-tools.ts';

/** Notes that what was said beside an answer is left out, since an answer that follows a schema is nothing but that. */
export const noteAside = ({ ledger }: Pick<Call, 'ledger'>): void =>
  ledger.note('ignored', 'choices.parts.text', 'the answer is what the schema asks for and nothing beside it');
/** The parts as the client asked for them: where a tool stood for the answer, its first input as text, without what was said beside it. */
export const answeredParts = (parts: readonly Part[], memo: Memo | undefined, call: Pick<Call, 'ledger'>): readonly Part[] => {
  const found = memo?.answer === undefined ? undefined : parts.find((part) => part.kind === 'toolCall' && part.name === memo.answer);
  if (found === undefined || found.kind !== 'toolCall') return parts;
  const beside = parts.filter((part) => part !== found && (part.kind === 'text' || part.kind === 'toolCall'));
  if (beside.some((part) => part.kind !== 'text' || part.text.trim() !== '')) noteAside(call);
  const text = 'json' in found.input ? found.input.json : found.input.text;
  return parts.filter((part) => !beside.includes(part)).map((part) => (part === found ? { kind: 'text', text } : part));
};
/** Why the answer ended: that its tool was called ends it as any other. */
export const answeredFinish = (finish: Finish, answered: boolean): Finish => (finish === 'tool' && answered ? 'stop' : finish);
