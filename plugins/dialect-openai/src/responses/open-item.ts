import { asText, type ChatEvent, type Citation, type Fields, type Part, type TokenLogprob } from '@llm-proxy-auth/plugin';

/** A part of the answer that the provider has begun. */
interface OpenPart {
  readonly index: number;
  text: string;
  citations: number;
  logprobs: number;
  ended: boolean;
}
/** One item of a provider's stream: turns what arrives for it into events of its parts. */
export interface OpenItem {
  readonly id: string | undefined;
  done: boolean;
  /** Which of a reasoning item's two texts is shown. */
  shown?: 'summary' | 'content' | undefined;
  /** Index of the last summary or text of a reasoning item. */
  section: number;
  /** Parts by content index, in order of opening. */
  readonly parts: Map<number, OpenPart>;
}
export type Emit = (e: ChatEvent) => void;
export interface Parts {
  open(item: OpenItem, content: number, part: Part): void;
  text(item: OpenItem, content: number, field: 'text' | 'input', text: string, logprobs?: readonly TokenLogprob[]): void;
  /** What of the whole did not come in pieces. */
  rest(item: OpenItem, content: number, field: 'text' | 'input', whole: string, logprobs?: readonly TokenLogprob[]): void;
  citation(item: OpenItem, content: number, citation: Citation): void;
  /** Citations that did not come by themselves. */
  citations(item: OpenItem, content: number, whole: readonly Citation[]): void;
  end(item: OpenItem, content: number, whole?: Part): void;
}
export const newItem = (fields: Fields): OpenItem => ({ id: asText(fields.id), done: false, section: 0, parts: new Map() });

/** Numbers parts in order of opening. */
export const openParts = (emit: Emit): Parts => {
  let next = 0;
  const parts: Parts = {
    open(item, content, part) {
      if (item.parts.has(content)) return;
      for (const [other, before] of item.parts) if (!before.ended) parts.end(item, other);
      const index = next++;
      item.parts.set(content, { index, text: '', citations: 0, logprobs: 0, ended: false });
      emit({ type: 'part', choice: 0, index, part: item.id === undefined ? part : { ...part, rest: { ...part.rest, id: item.id } } });
    },
    text(item, content, field, text, logprobs = []) {
      const part = item.parts.get(content);
      if (part === undefined || part.ended || (text === '' && logprobs.length === 0)) return;
      part.text += text;
      part.logprobs += logprobs.length;
      emit({ type: 'delta', choice: 0, index: part.index, field, text, ...(logprobs.length === 0 ? {} : { logprobs }) });
    },
    rest(item, content, field, whole, logprobs = []) {
      const { text, logprobs: told } = item.parts.get(content) ?? { text: '', logprobs: 0 };
      if (whole.startsWith(text)) parts.text(item, content, field, whole.slice(text.length), logprobs.slice(told));
    },
    citation(item, content, citation) {
      const part = item.parts.get(content);
      if (part === undefined || part.ended) return;
      part.citations++;
      emit({ type: 'citation', choice: 0, index: part.index, citation });
    },
    citations(item, content, whole) {
      for (const citation of whole.slice(item.parts.get(content)?.citations ?? 0)) parts.citation(item, content, citation);
    },
    end(item, content, whole) {
      const part = item.parts.get(content);
      if (part === undefined || part.ended) return;
      part.ended = true;
      const { id: _id, ...rest } = whole?.rest ?? {};
      emit({
        type: 'part-end',
        choice: 0,
        index: part.index,
        ...(whole?.origin === undefined ? {} : { origin: whole.origin }),
        ...(Object.keys(rest).length === 0 ? {} : { rest }),
      });
    },
  };
  return parts;
};
