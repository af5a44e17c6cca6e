import { asList, asObject, asText, type Fields, type Json, type Ledger, type Memory, type Origin, type Seal } from '@llm-proxy-auth/plugin';
import { type CallId, readCallId } from './call-id.ts';
import type { Restored } from './place.ts';
import { type Carried, decode, type Signed } from './record.ts';
import { hasOwnExtra, isOwnBlock, readBlock, readExtra, type Sealing, sealingFor } from './sealed.ts';

/** For whom carriers are read: where the call goes, and who calls. */
export interface Bringing {
  readonly dialect: string | undefined;
  readonly model: string | undefined;
  /** The model behind that id, where several name it. */
  readonly signer?: string | undefined;
  readonly seal: Seal;
  readonly memory: Memory | undefined;
  readonly ledger: Ledger;
}
/** Messages as their vendor knows them, with its own ids of calls, and what goes back into some of them. */
export interface Brought {
  readonly messages: Json;
  readonly restored: ReadonlyMap<Fields, Restored>;
}
const NOTHING: Brought['restored'] = new Map();
interface ReadCall {
  readonly wire: Fields;
  readonly id: CallId | undefined;
}
const callsOf = (m: Fields): readonly ReadCall[] =>
  asList(m.tool_calls).map((call) => {
    const wire = asObject(call) ?? {};
    return { wire, id: readCallId(asText(wire.id)) };
  });
const ownBlocks = (m: Fields): readonly Json[] => {
  const blocks = asList(m.thinking_blocks);
  return blocks.every(isOwnBlock) ? blocks : [];
};
const bareCall = (call: Json, { wire, id }: ReadCall): Json => {
  if (asObject(call) === undefined) return call;
  const { extra_content: _extra, ...rest } = wire;
  const kept = hasOwnExtra(wire) ? rest : wire;
  return id === undefined ? kept : { ...kept, id: id.vendor };
};
/** The message without what only carries. */
const bare = (m: Fields, blocks: readonly Json[], calls: readonly ReadCall[]): Fields => {
  const members = Object.entries(m).filter(([name]) => name !== 'thinking_blocks' || blocks.length === 0);
  const called = (list: Json): Json => asList(list).map((call, i) => bareCall(call, calls[i] ?? { wire: {}, id: undefined }));
  return Object.fromEntries(members.map(([name, value]) => [name, name === 'tool_calls' && Array.isArray(value) ? called(value) : value]));
};

/** Reads the carriers of one request, in the order of what clients are likeliest to have left whole. */
const bringer = ({ dialect, model, signer = model, seal, memory, ledger }: Bringing) => {
  const sealing: Sealing = sealingFor(seal, memory?.owner ?? '');
  const isFor = (carried: Carried, origin: Origin): boolean => (carried.model === signer || carried.model === model) && origin.dialect === dialect;
  const note = (kind: 'ignored' | 'emulated', why: string): void => ledger.note(kind, 'turns.parts.thinking', why);

  /** Undefined: the client has not all of them, or not as they were. */
  const inBlocks = (blocks: readonly Json[]): readonly Carried[] | undefined => {
    const found = blocks.map((block) => readBlock(block, sealing));
    return found.length > 0 && found.every((one) => one !== undefined) ? found : undefined;
  };
  const inId = (id: CallId, wire: Fields): Carried | undefined => {
    if (id.kind === 'sealed') return sealing.open(`call ${id.vendor}`, id.tail);
    const bytes = memory?.recall(asText(wire.id) ?? '');
    return bytes === undefined ? undefined : decode(bytes);
  };
  const thinkingIn = (found: readonly Carried[]): readonly Signed[] => {
    const all = found.flatMap((carried) => carried.thinking.map((signed) => [carried, signed] as const));
    if (all.every(([carried, { origin }]) => isFor(carried, origin))) return all.map(([, signed]) => signed);
    note('ignored', 'another model or vendor issued it');
    return [];
  };
  return (m: Fields): { readonly message: Fields; readonly restored?: Restored } => {
    const blocks = ownBlocks(m);
    const calls = callsOf(m);
    if (blocks.length === 0 && !calls.some(({ id, wire }) => id !== undefined || hasOwnExtra(wire))) return { message: m };
    const inIds = calls.map(({ id, wire }, before): Carried | undefined => {
      const found = id === undefined ? undefined : inId(id, wire);
      return found === undefined ? undefined : { ...found, thinking: found.thinking.map((signed) => ({ ...signed, before })) };
    });
    const signatures = new Map<number, Origin>();
    for (const [i, { id, wire }] of calls.entries()) {
      const found = readExtra(wire, id?.vendor ?? asText(wire.id) ?? '', sealing) ?? inIds[i];
      if (found?.call !== undefined && isFor(found, found.call)) signatures.set(i, found.call);
    }
    const carried = inBlocks(blocks);
    const isLost = carried === undefined && calls.some(({ id }, i) => id !== undefined && inIds[i] === undefined);
    if (isLost) {
      memory?.lost();
      note('emulated', 'thinking that was issued cannot be found, and is left out');
    }
    const thinking = isLost ? [] : thinkingIn(carried ?? inIds.filter((one) => one !== undefined));
    if (blocks.length > 0 && carried === undefined && !isLost && thinking.length === 0) note('ignored', 'it was changed, or issued to somebody else');
    return { message: bare(m, blocks, calls), restored: { thinking, calls: signatures } };
  };
};

/** The messages of a request as a provider is told them. Those that carry nothing are the same objects. */
export const bring = (messages: Json, bringing: Bringing): Brought => {
  if (!Array.isArray(messages)) return { messages, restored: NOTHING };
  const restored = new Map<Fields, Restored>();
  const assistant = bringer(bringing);
  const read = (wire: Json): Json => {
    const m = asObject(wire);
    if (m?.role === 'tool') {
      const id = readCallId(asText(m.tool_call_id));
      return id === undefined ? m : { ...m, tool_call_id: id.vendor };
    }
    if (m?.role !== 'assistant') return wire;
    const { message, restored: back } = assistant(m);
    if (back !== undefined) restored.set(message, back);
    return message;
  };
  return { messages: messages.map(read), restored };
};
