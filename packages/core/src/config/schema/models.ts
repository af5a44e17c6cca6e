import { type Static, Type } from 'typebox';
import { object } from './parts.ts';

const Target = object({
  instance: Type.String({ description: 'Name of an instance.' }),
  model: Type.String({ description: "The provider's model id; `*` = the name the client sent." }),
  weight: Type.Optional(Type.Number({ exclusiveMinimum: 0, description: 'Share under `strategy: weighted`; default 1.' })),
});
const FallbackClass = Type.Union([Type.Literal('connect'), Type.Literal('timeout'), Type.String({ pattern: '^[1-5]([0-9]{2}|xx)$' })]);
export const Model = object({
  name: Type.Optional(Type.String({ minLength: 1, description: 'Name clients use. One of `name` and `match`.' })),
  match: Type.Optional(Type.String({ minLength: 1, description: 'Anchored glob over names clients send.' })),
  targets: Type.Array(Target, { minItems: 1, description: 'Where the model is, in order of preference.' }),
  strategy: Type.Optional(
    Type.Union([Type.Literal('ordered'), Type.Literal('weighted'), Type.Literal('least-cost')], {
      default: 'ordered',
      description: 'How the first target is chosen; `least-cost`: by the prices of input and output together, those without one last.',
    }),
  ),
  fallback: Type.Optional(
    object({
      on: Type.Array(FallbackClass, { default: ['connect', 'timeout', '429', '5xx'], description: 'What lets the next target try.' }),
      attempts: Type.Integer({ minimum: 1, default: 3, description: 'Tries over all targets, the first included.' }),
    }),
  ),
});
export type TargetSettings = Static<typeof Target>;
export type ModelSettings = Static<typeof Model>;
