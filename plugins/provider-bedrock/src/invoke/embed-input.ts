import { type Call, type EmbedRequest, GatewayError, type Media, type Part } from '@llm-proxy-auth/plugin';
import { readModelId } from '../model-id.ts';

const unsupported = (param: string, message: string): GatewayError => new GatewayError('unsupported_parameter', message, { param });
/** The foundation model that is called: the endpoint says what a name of the account stands for. */
export const baseOf = ({ endpoint, model }: Call): string => endpoint?.profile ?? readModelId(model).base ?? model;
export type Input = EmbedRequest['inputs'][number];
/** What an input says: text, and pictures as base64 with their type. */
export interface Content {
  readonly text: string | undefined;
  readonly images: readonly { readonly base64: string; readonly type: string }[];
}
const imageOf = (media: Media): { readonly base64: string; readonly type: string } => {
  if ('base64' in media) return media;
  throw unsupported('input', 'Bedrock embeds pictures that are sent along, not ones that it would have to fetch.');
};
const partsOf = (parts: readonly Part[]): Content => {
  const texts: string[] = [];
  const images: { readonly base64: string; readonly type: string }[] = [];
  for (const part of parts) {
    if (part.kind === 'text') texts.push(part.text);
    else if (part.kind === 'image') images.push(imageOf(part.media));
    else throw unsupported('input', `Bedrock embeds text and pictures, not ${part.kind}.`);
  }
  return { text: texts.length === 0 ? undefined : texts.join('\n'), images };
};
/** Throws GatewayError `unsupported_parameter` for token ids, which no model at Bedrock takes, and for what is neither text nor picture. */
export const contentOf = (input: Input): Content => {
  if ('text' in input) return { text: input.text, images: [] };
  if ('parts' in input) return partsOf(input.parts);
  throw unsupported('input', 'Bedrock embeds text, not token ids; send the text itself.');
};
/** The text of an input of a model that knows nothing else. */
export const textOf = (input: Input): string => {
  const { text, images } = contentOf(input);
  if (text === undefined || images.length > 0) throw unsupported('input', 'This model embeds text only.');
  return text;
};
/** A model embeds into vectors of certain lengths only. */
export const dimensionsOf = (wanted: number | undefined, allowed: readonly number[]): number | undefined => {
  if (wanted === undefined || allowed.includes(wanted)) return wanted;
  throw unsupported('dimensions', `This model has vectors of ${allowed.join(', ')} numbers.`);
};
/** For models whose vectors have one length and that take no wish for it: undefined, or 400 for another length. */
export const ownLength = (wanted: number | undefined, length: number): undefined => {
  dimensionsOf(wanted, [length]);
};
/** The one input of a model that takes one a call; the core splits. */
export const onlyInput = (request: EmbedRequest): Input => {
  const [first, ...others] = request.inputs;
  if (first === undefined || others.length > 0) throw unsupported('input', 'This model takes one input a call.');
  return first;
};
