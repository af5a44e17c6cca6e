import { type Citation, GatewayError, type Json, type Part, stringifyJson, type TokenLogprob } from '@llm-proxy-auth/plugin';
import { callId } from './call-id.ts';
import { freeText, type Memo } from './memo.ts';
import { OCI } from './name.ts';
import type { Emit } from './stream.ts';

/** A call as its fragments come. */
interface OpenCall {
  readonly id: string;
  readonly name: string;
  readonly index: number;
  readonly free: boolean;
  input: string;
}
/** Fragment of a call, whatever the format. */
export interface Fragment {
  readonly id: string | undefined;
  readonly name: string | undefined;
  readonly input: string;
}
export interface PartsOptions {
  readonly choice: number;
  /** Names the answer, for ids of calls that came without. */
  readonly answer: string;
  readonly memo: Memo;
  readonly emit: Emit;
}
/** Nobody signs reasoning here; that it is this vendor's lets clients bring it back. */
const THOUGHT = Object.freeze({ dialect: OCI, payload: Object.freeze({ json: '{"member":"reasoningContent"}' }) });
type Words = 'text' | 'refusal' | 'thinking';
/** The parts of one choice: they open when something of them comes and close with the choice, words also when words of another kind come. */
export const partsOf = ({ choice, answer, memo, emit }: PartsOptions) => {
  const calls: OpenCall[] = [];
  let parts = 0;
  let open: { readonly kind: Words; readonly index: number; readonly from: number } | undefined;
  /** Length of all text before the open part: annotations count from the start of the whole. */
  let length = 0;

  const begin = (part: Part): number => {
    const index = parts++;
    emit({ type: 'part', choice, index, part });
    return index;
  };
  const close = (): void => {
    if (open !== undefined) emit({ type: 'part-end', choice, index: open.index, ...(open.kind === 'thinking' ? { origin: THOUGHT } : {}) });
    open = undefined;
  };
  const opened = (kind: Words): number => {
    if (open?.kind === kind) return open.index;
    close();
    const index = begin(kind === 'thinking' ? { kind, text: '', redacted: false } : { kind, text: '' });
    open = { kind, index, from: length };
    return index;
  };
  const newCall = (id: string | undefined, name: string): OpenCall => {
    close();
    const free = memo.free.has(name);
    const known = id === undefined || id === '' ? callId(`${answer} ${choice}`, calls.length, name) : id;
    const index = begin({ kind: 'toolCall', id: known, name: memo.names.get(name) ?? name, input: free ? { text: '' } : { json: '' } });
    const call = { id: id ?? '', name, index, free, input: '' };
    calls.push(call);
    return call;
  };
  return {
    words(kind: Words, text: string, logprobs?: readonly TokenLogprob[]): void {
      if (text === '' && logprobs === undefined) return;
      const index = opened(kind);
      if (kind === 'text') length += text.length;
      emit({ type: 'delta', choice, index, field: 'text', text, ...(logprobs === undefined ? {} : { logprobs }) });
    },
    /** `from`: where the open text begins in the whole of the texts. */
    cite(citation: (from: number) => Citation): void {
      const index = opened('text');
      emit({ type: 'citation', choice, index, citation: citation(open?.from ?? 0) });
    },
    /** A fragment with a name begins a call, one without goes on with the last: their ids differ from piece to piece. */
    call({ id, name, input }: Fragment): void {
      const last = calls.at(-1);
      const same = last !== undefined && id !== undefined && id !== '' && id === last.id && name === last.name;
      const call = name !== undefined && name !== '' && !same ? newCall(id, name) : last;
      if (call === undefined) {
        if (input === '') return;
        throw new GatewayError('upstream_bad_response', 'The provider sent input for a call that it had not begun.');
      }
      call.input += input;
      if (!call.free && input !== '') emit({ type: 'delta', choice, index: call.index, field: 'input', text: input });
    },
    /** A part that only the vendor understands. */
    opaque(wire: Json): void {
      close();
      const index = begin({ kind: 'opaque', origin: { dialect: OCI, payload: { json: stringifyJson(wire) } } });
      emit({ type: 'part-end', choice, index });
    },
    /** Reasoning of another member than that of the answer. */
    thought(text: string, payload: object): void {
      close();
      const index = begin({ kind: 'thinking', text: '', redacted: false });
      emit({ type: 'delta', choice, index, field: 'text', text });
      emit({ type: 'part-end', choice, index, origin: { dialect: OCI, payload: { json: stringifyJson(payload) } } });
    },
    get calls(): number {
      return calls.length;
    },
    closeAll(): void {
      close();
      for (const { index, free, input } of calls) {
        if (free) emit({ type: 'delta', choice, index, field: 'input', text: freeText(input) });
        else if (input === '') emit({ type: 'delta', choice, index, field: 'input', text: '{}' });
        emit({ type: 'part-end', choice, index });
      }
    },
  };
};
export type Parts = ReturnType<typeof partsOf>;
