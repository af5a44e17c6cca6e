import { type Fields, fieldsOf, isFields, textOf } from '../openai/check.ts';
import { type Format, findModel, type Model } from './models.ts';
import { refuse } from './refusal.ts';

/** What one pretended tenancy has. */
export type Tenancy = {
  /** Compartments that the caller may use; any that looks like one if undefined. */
  readonly compartments: readonly string[] | undefined;
  /** Endpoints of dedicated clusters: their OCID, and the model that they serve. */
  readonly endpoints: Readonly<Record<string, string>>;
};
const COMPARTMENT = /^ocid1\.(?:compartment|tenancy)\.oc[0-9]+\.\.[a-z0-9]+$/;

export const checkCompartment = (id: unknown, { compartments }: Tenancy): void => {
  if (typeof id !== 'string' || id === '') throw refuse.missing('compartmentId');
  if (compartments === undefined ? !COMPARTMENT.test(id) : !compartments.includes(id)) throw refuse.notFound();
};
/** The model that a serving mode names, on demand or by an endpoint. */
const modelOf = (mode: Fields, { endpoints }: Tenancy): Model => {
  const known = mode.servingType === 'ON_DEMAND' ? ['servingType', 'modelId'] : ['servingType', 'endpointId'];
  if (mode.servingType !== 'ON_DEMAND' && mode.servingType !== 'DEDICATED') throw refuse.format();
  const [, name = ''] = known;
  if (Object.keys(mode).some((key) => !known.includes(key))) throw refuse.format();
  const id = mode[name];
  if (typeof id !== 'string' || id === '') throw refuse.missing(`servingMode.${name}`);
  const model = findModel(name === 'modelId' ? id : textOf(endpoints[id]));
  if (model === undefined) throw refuse.noEntity(id);
  return model;
};
export type Envelope = { readonly model: Model; readonly body: Fields };
/** A body that says where it is served and who pays; `known`: its other members. */
export const envelope = (body: unknown, known: readonly string[], tenancy: Tenancy): Envelope => {
  if (!isFields(body)) throw refuse.unparsable();
  if (Object.keys(body).some((name) => !['compartmentId', 'servingMode', ...known].includes(name))) throw refuse.format();
  if (!isFields(body.servingMode)) throw refuse.missing('servingMode');
  checkCompartment(body.compartmentId, tenancy);
  return { model: modelOf(body.servingMode, tenancy), body };
};
/** The request inside a chat, whose format must be one of the model's. */
export const chatOf = ({ model, body }: Envelope): { readonly format: Format; readonly chat: Fields } => {
  const chat = fieldsOf(body.chatRequest);
  const { apiFormat } = chat;
  if (apiFormat !== 'GENERIC' && apiFormat !== 'COHERE' && apiFormat !== 'COHEREV2') throw refuse.format();
  if (!model.formats.includes(apiFormat)) throw refuse.byModel('Chat request type does not match serving model');
  return { format: apiFormat, chat };
};
