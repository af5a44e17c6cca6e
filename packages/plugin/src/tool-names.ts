import type { ChatEvent, ChatReply, ChatRequest, Part, Turn } from './conversation.ts';
import type { Lost } from './lost.ts';
import { safeName } from './safe-name.ts';

/** Names that the client gave its tools, by those that the provider got instead. */
export type ToolNames = ReadonlyMap<string, string>;
export const NO_NAMES: ToolNames = new Map();
export interface Naming {
  /** A name that the vendor takes, another for each; the same where it takes it. */
  readonly safe: (name: string) => string;
  /** What it takes, for the ledger. */
  readonly why: string;
}
const WORDS: Naming = Object.freeze({ safe: safeName, why: 'the provider takes 64 letters, digits, _ and - in a name' });

/** The same object with other members in it. Not a copy: which of the rest is read is still seen. */
const changed = <T extends object>(whole: T, members: Partial<T>): T =>
  new Proxy(whole, { get: (target, key): unknown => (Object.hasOwn(members, key) ? members[key as keyof T] : Reflect.get(target, key)) });
const nameIn = (part: Part): string | undefined => (part.kind === 'toolCall' || part.kind === 'toolResult' ? part.name : undefined);

/** A request of another dialect with names of tools that the vendor takes; an empty one stays, for the vendor to refuse. */
export const withSafeNames = (request: ChatRequest, lost: Lost, naming: Naming = WORDS): { readonly request: ChatRequest; readonly names: ToolNames } => {
  const names = new Map<string, string>();
  const safe = (name: string): string => (name === '' ? name : naming.safe(name));
  const written = <T extends { readonly name?: string | undefined }>(one: T, name: string | undefined): T => {
    const to = name === undefined ? undefined : safe(name);
    if (name === undefined || to === undefined || to === name) return one;
    names.set(to, name);
    return changed<T>(one, { name: to } as Partial<T>);
  };
  const inTurn = (turn: Turn): Turn => {
    const parts = turn.parts.map((part) => written(part as Part & { readonly name?: string }, nameIn(part)));
    return parts.some((part, i) => part !== turn.parts[i]) ? changed(turn, { parts }) : turn;
  };
  const tools = request.tools.map((tool) => (tool.kind === 'server' ? tool : written(tool, tool.name)));
  const turns = request.turns.map(inTurn);
  const choice = request.toolChoice;
  const toolChoice = typeof choice === 'object' ? { name: safe(choice.name) } : choice;
  if (names.size === 0) return { request, names: NO_NAMES };
  lost('tools.name', naming.why, 'emulated');
  return { request: changed(request, { tools, turns, toolChoice }), names };
};

const inPart = (part: Part, names: ToolNames): Part => {
  const name = part.kind === 'toolCall' ? names.get(part.name) : undefined;
  return name === undefined ? part : ({ ...part, name } as Part);
};
/** An answer with the names that the client gave its tools. */
export const withOwnNames = (reply: ChatReply, names: ToolNames = NO_NAMES): ChatReply =>
  names.size === 0 ? reply : { ...reply, choices: reply.choices.map((choice) => ({ ...choice, parts: choice.parts.map((part) => inPart(part, names)) })) };
/** The same of a stream of one. */
export const emittingOwnNames = (emit: (e: ChatEvent) => void, names: ToolNames = NO_NAMES): ((e: ChatEvent) => void) =>
  names.size === 0 ? emit : (e) => emit(e.type === 'part' ? { ...e, part: inPart(e.part, names) } : e);
