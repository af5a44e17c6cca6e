import type { Origin, Part, TextPart } from '@llm-proxy-auth/plugin';
import type { Signed } from './record.ts';

/** What goes back into an assistant's message. */
export interface Restored {
  readonly thinking: readonly Signed[];
  /** Signatures of calls, by their number among the calls. */
  readonly calls: ReadonlyMap<number, Origin>;
}
const partOf = ({ text, redacted, origin }: Signed): Part => ({ kind: 'thinking', text, redacted, origin });
const inOrder = (a: Signed, b: Signed): number => a.before - b.before || a.from - b.from;

/** The parts of a message with what was signed where it stood: in the content, which is cut there again, and in front of calls. */
export const placed = (parts: readonly Part[], { thinking, calls }: Restored): readonly Part[] => {
  const waiting = thinking.toSorted(inOrder);
  const out: Part[] = [];
  let said = 0;
  let called = 0;
  const take = (isDue: (signed: Signed) => boolean): void => {
    for (let first = waiting[0]; first !== undefined && isDue(first); first = waiting[0]) {
      out.push(partOf(first));
      waiting.shift();
    }
  };
  const text = (part: TextPart): void => {
    const end = said + part.text.length;
    let rest = part;
    for (let first = waiting[0]; first !== undefined && first.before === 0 && first.from < end; first = waiting[0]) {
      const cut = Math.max(0, first.from - said);
      if (cut > 0) out.push({ kind: 'text', text: rest.text.slice(0, cut) });
      rest = { ...rest, text: rest.text.slice(cut) };
      said += cut;
      take((signed) => signed.before === 0 && signed.from <= said);
    }
    said = end;
    out.push(rest);
  };
  for (const part of parts) {
    if (part.kind === 'text') text(part);
    else if (part.kind !== 'toolCall') out.push(part);
    else {
      take(({ before }) => before <= called);
      const origin = calls.get(called++);
      out.push(origin === undefined ? part : { ...part, origin });
    }
  }
  take(() => true);
  return out;
};
