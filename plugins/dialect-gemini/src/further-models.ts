import { asList, asObject, asText, type Json } from '@llm-proxy-auth/plugin';
import { bareName } from './model-name.ts';
import { camelCased } from './snake.ts';

type Names = readonly (string | undefined)[];
const named = (value: Json): Names => {
  if (value === undefined || value === null) return [];
  const name = asText(value);
  return [name === undefined ? undefined : bareName(name)];
};
/** Routing to another model than that of the path: to one by its name, or to one that the vendor chooses. */
const routed = (config: Json): Names => {
  const routing = asObject(asObject(config)?.routingConfig);
  if (routing === undefined) return [];
  const manual = asObject(routing.manualMode);
  return [
    ...(manual === undefined ? [] : [asText(manual.modelName) === undefined ? undefined : bareName(asText(manual.modelName) ?? '')]),
    ...(routing.autoMode === undefined ? [] : [undefined]),
  ];
};
/** Models that a body names beside the one of its path: in itself, in what is counted, in each request of a batch, and for routing. */
export const furtherModels = (body: Json): Names => {
  const fields = asObject(camelCased(body));
  if (fields === undefined) return [];
  const counted = asObject(fields.generateContentRequest);
  return [
    ...[fields, ...(counted === undefined ? [] : [counted])].flatMap((one) => [...named(one.model), ...routed(one.generationConfig)]),
    ...asList(fields.requests).flatMap((one) => named(asObject(one)?.model)),
  ];
};
