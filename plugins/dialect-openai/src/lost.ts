import { type Citation, type Finish, type Ledger, type Lost, look, type Part, type Turn, type Usage } from '@llm-proxy-auth/plugin';

/** Notes a part that the surface has no form for. Its members are looked at, so that they get no lines of their own. */
export const losePart = (part: Part, param: string, why: string, lost: Lost): void => {
  look(part);
  lost(param, why);
};
/** Results whose name is another than that of the call they answer, which the id alone cannot say. `written`: the name goes along. */
export const loseResultNames = (turns: readonly Turn[], written: (part: Part) => boolean, lost: Lost): void => {
  const names = new Map<string, string>();
  for (const { parts } of turns)
    for (const part of parts) {
      if (part.kind === 'toolCall') names.set(part.id, part.name);
      if (part.kind !== 'toolResult' || part.name === undefined || written(part) || part.name === names.get(part.id)) continue;
      lost('turns.parts.name', 'the id of the call says whose result it is', 'emulated');
    }
};

/** What OpenAI's surfaces cannot say of how a choice ended. `words`: the reasons they have. */
export const loseEnd = (end: { readonly reason: Finish; readonly stopSequence?: string | undefined }, words: ReadonlySet<Finish>, ledger: Ledger): void => {
  if (!words.has(end.reason)) ledger.note('emulated', 'choices.finish', `another word stands for ${end.reason}`);
  if (end.stopSequence !== undefined) ledger.note('ignored', 'choices.stopSequence', 'the sequence that ended an answer has no place here');
};
/** Usage on the wire cannot say that it is an estimate. */
export const loseEstimate = (usage: Usage, ledger: Ledger): void => {
  if (usage.estimated) ledger.note('ignored', 'usage.estimated', 'usage is written as if it had been counted');
};
/** Members of a citation that its form here has not; `own`: it is written as its vendor made it. */
export const loseCitation = (citation: Citation, own: boolean, where: 'turns' | 'choices', ledger: Ledger): void => {
  if (own) return;
  const path = `${where}.parts.citations`;
  if (citation.url === undefined) return ledger.note('ignored', path, 'a citation without a URL has no form here');
  if (citation.origin !== undefined) ledger.note('ignored', `${path}.origin`, 'another vendor issued it');
  if (citation.quote !== undefined) ledger.note('ignored', `${path}.quote`, 'a citation has no quote here');
};
