import { type Fields, type Inbound, isObject, type Json, type Ledger } from '@llm-proxy-auth/plugin';

const without = (o: Fields, name: string, idle: Json): Fields => {
  if (o[name] !== idle) return o;
  const { [name]: _idle, ...others } = o;
  return others;
};
/** The SDKs make clients write these, although they ask for nothing that would not be so without them. */
const plainContent = (one: Json): Json => (isObject(one) && one.type === 'input_image' ? without(one, 'detail', 'auto') : one);
const plainItem = (item: Json): Json => (isObject(item) && Array.isArray(item.content) ? { ...item, content: item.content.map(plainContent) } : item);
const plainTool = (tool: Json): Json => (isObject(tool) && tool.type === 'function' ? without(tool, 'strict', false) : tool);

/**
 * A request as it is read for a provider of another surface: without what is this surface's own way of saying nothing, and with one name for
 * the person, of which others know no second.
 */
export const plainly = (inbound: Inbound, ledger: Ledger): Inbound => {
  const { body } = inbound;
  if (!isObject(body)) return inbound;
  const { safety_identifier: person, ...others } = body;
  if (typeof person === 'string' && typeof body.user === 'string' && body.user !== person) ledger.note('ignored', 'user', 'safety_identifier says who it is');
  return {
    ...inbound,
    body: {
      ...(typeof person === 'string' ? { ...others, user: person } : body),
      ...(Array.isArray(body.input) ? { input: body.input.map(plainItem) } : {}),
      ...(Array.isArray(body.tools) ? { tools: body.tools.map(plainTool) } : {}),
    },
  };
};
