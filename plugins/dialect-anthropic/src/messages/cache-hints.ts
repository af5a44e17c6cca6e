import { asList, type Building, type Fields, isObject, type Lost } from '@llm-proxy-auth/plugin';

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
