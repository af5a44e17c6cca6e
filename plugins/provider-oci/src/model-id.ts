import { GatewayError } from '@llm-proxy-auth/plugin';

/** Formats that chats of the service have; OPENAI is its OpenAI-compatible API. */
export type ApiFormat = 'GENERIC' | 'COHERE' | 'COHEREV2' | 'OPENAI';
const LONGEST = 300;
/** A model's id or OCID. Throws GatewayError `invalid_request` for what cannot be one. */
export const checkModelId = (model: string): string => {
  if (model === '' || model.length > LONGEST || /[\p{Cc}\s]/u.test(model))
    throw new GatewayError('invalid_request', 'The model is the id of a model at OCI, such as meta.llama-3.3-70b-instruct.', { param: 'model' });
  return model;
};
/** Models of Cohere with pictures or reasoning are reached in the second format alone: the first drops pictures. */
const SECOND = /^cohere\.command-a-(?:vision|reasoning)/;
/** Format of a model: by its vendor, as the service demands ("Chat request type does not match serving model"). */
export const formatOf = (model: string): Exclude<ApiFormat, 'OPENAI'> => {
  if (!model.startsWith('cohere.')) return 'GENERIC';
  return SECOND.test(model) ? 'COHEREV2' : 'COHERE';
};
/** An endpoint of a dedicated cluster may stand where a model stands. */
export const isEndpoint = (model: string): boolean => model.startsWith('ocid1.generativeaiendpoint.');
/** `meta`, `xai`, `openai`, `google`, `cohere`; empty for an OCID and for names without a vendor. */
export const vendorOf = (model: string): string => (model.startsWith('ocid1.') ? '' : (/^([a-z0-9-]+)\./.exec(model)?.[1] ?? ''));
