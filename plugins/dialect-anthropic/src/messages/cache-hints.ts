import {
  asList,
  type Building,
  type ChatRequest,
  type Endpoint,
  type Fields,
  type Inbound,
  isObject,
  type Ledger,
  type Lost,
  type Part,
} from '@llm-proxy-auth/plugin';
import { ANTHROPIC, MESSAGES } from '../wire.ts';
import { cacheOf } from './read-blocks.ts';

/** Hints in a request; one more is refused. */
export const MOST_HINTS = 4;
type Visit = (block: Fields) => Fields;

const eachBlock = (blocks: unknown, visit: Visit): unknown =>
  Array.isArray(blocks)
    ? blocks.map((block: unknown) => {
        if (!isObject(block)) return block;
        const inner = block.type === 'tool_result' && Array.isArray(block.content) ? { ...block, content: eachBlock(block.content, visit) } : block;
        return visit(inner);
      })
    : blocks;
/** In the order in which the provider reads a request: tools, prompt, messages. */
const eachHinted = (body: Fields, visit: Visit): Building => ({
  ...body,
  ...(body.tools === undefined ? {} : { tools: eachBlock(body.tools, visit) }),
  ...(body.system === undefined ? {} : { system: eachBlock(body.system, visit) }),
  messages: asList(body.messages).map((message) => (isObject(message) ? { ...message, content: eachBlock(message.content, visit) } : message)),
});
/** How many hints a request has. */
export const hintsIn = (body: Fields): number => {
  let count = 0;
  eachHinted(body, (block) => {
    if (block.cache_control !== undefined) count += 1;
    return block;
  });
  return count;
};
const isBeyond = ({ cache_control: hint }: Fields): boolean => isObject(hint) && Object.keys(hint).some((key) => key !== 'type' && key !== 'ttl');
/** Members of hints that only this vendor knows (`scope`): whoever is asked in another dialect is not told of them. */
export const loseHintMembers = ({ body }: Inbound, target: Endpoint | undefined, ledger: Ledger): void => {
  if (target === undefined || target.dialect === ANTHROPIC || !isObject(body)) return;
  let found = isBeyond(body);
  eachHinted(body, (block) => {
    found ||= isBeyond(block);
    return block;
  });
  if (found) ledger.note('ignored', 'turns.parts.cache', 'other providers know type and ttl of a hint alone');
};
/** Keeps the last hints that the provider takes: they are the longest prefixes. */
export const fitHints = (body: Building, lost: Lost): Building => {
  const count = hintsIn(body);
  if (count <= MOST_HINTS) return body;
  lost('turns.parts.cache', `the provider takes ${MOST_HINTS} hints`, 'clamped');
  let surplus = count - MOST_HINTS;
  return eachHinted(body, (block) => {
    if (block.cache_control === undefined || surplus === 0) return block;
    surplus -= 1;
    const { cache_control: _hint, ...others } = block;
    return others;
  });
};

/** Dialects other than this one that write marks on parts. */
const MARKED: ReadonlySet<string> = new Set(['converse']);
const mayHaveMark = (part: Part): boolean => part.kind !== 'thinking' && part.kind !== 'opaque' && !(part.kind === 'text' && part.text.trim() === '');
const marksIn = ({ turns, tools }: ChatRequest): number => [...tools, ...turns.flatMap(({ parts }) => parts)].filter(({ cache }) => cache !== undefined).length;
/** A hint on the whole request as a mark on the last part that may have one, which is where the vendor puts it, for a target that takes marks. */
export const markedAtEnd = (request: ChatRequest, target: Endpoint | undefined, ledger: Ledger): ChatRequest => {
  const { cache_control: hint, ...fields } = request.rest?.fields ?? {};
  const { cache } = cacheOf(hint);
  if (cache === undefined || target?.capabilities.cache !== true || !MARKED.has(target.dialect) || marksIn(request) >= MOST_HINTS) return request;
  const last = request.turns.at(-1);
  const at = last?.parts.findLastIndex(mayHaveMark) ?? -1;
  const part = last?.parts[at];
  if (last === undefined || part === undefined) return request;
  ledger.note('emulated', 'rest.fields.cache_control', 'the hint stands behind the last block');
  const turn = { ...last, parts: last.parts.with(at, { cache, ...part }) };
  return { ...request, turns: request.turns.with(-1, turn), rest: { from: MESSAGES, fields } };
};
