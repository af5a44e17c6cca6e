import { asList, type Building, type Fields, isObject, type Lost } from '@llm-proxy-auth/plugin';

/** What a system turn says beside text, and the beta without which nobody takes it there. */
const OUTPUT = 'mid-conversation-output-config-';
const TOOLS = 'mid-conversation-tool-changes-';

const isSystem = (message: unknown): message is Fields => isObject(message) && message.role === 'system';
const blocksOf = ({ content }: Fields): readonly unknown[] => (typeof content === 'string' ? [{ type: 'text', text: content }] : asList(content));
const isText = (block: unknown): boolean => isObject(block) && block.type === 'text';
const setsOutput = ({ output_config: config }: Fields): boolean => isObject(config) && Object.values(config).some((value) => value !== null);
const isTaken = (message: Fields, betas: readonly string[]): boolean => {
  const has = (prefix: string): boolean => betas.some((beta) => beta.startsWith(prefix));
  return (setsOutput(message) && has(OUTPUT)) || (!blocksOf(message).every(isText) && has(TOOLS));
};
const loseBeyond = (message: Fields, lost: Lost): void => {
  if (setsOutput(message)) lost('turns.rest.output_config', 'this provider takes it for the whole conversation alone');
  if (message.clear_at === 'next_user_message') lost('turns.rest.clear_at', 'the prompt stays before the model');
  if (!blocksOf(message).every(isText)) lost('turns.parts.origin', 'this provider takes tools for the whole conversation alone');
};

/**
 * System turns among the messages follow the prompt where a provider does not take them in their place. It takes those there that say
 * what a beta of its own is for; `betas`: those that it is asked for. What such a turn says beside its text is lost with its place.
 */
export const hoist = (body: Building, betas: readonly string[], lost: Lost): Building => {
  const messages = asList(body.messages);
  const moved = messages.filter(isSystem).filter((message) => !isTaken(message, betas));
  if (moved.length === 0) return body;
  for (const message of moved) loseBeyond(message, lost);
  const said = moved.flatMap((message) => blocksOf(message).filter(isText));
  const left: Building = { ...body, messages: messages.filter((message) => !moved.includes(message as Fields)) };
  if (said.length === 0) return left;
  lost('turns', 'the provider takes system turns at the beginning only', 'emulated');
  const prompt = body.system === undefined ? [] : blocksOf({ content: body.system });
  return { ...left, system: [...prompt, ...said] };
};
