import { type TSchema, Type } from 'typebox';

/** An object without further members. */
export const object = <P extends Record<string, TSchema>>(properties: P, description?: string) =>
  Type.Object(properties, { additionalProperties: false, ...(description === undefined ? {} : { description }) });
export const names = (description: string) => Type.Array(Type.String({ minLength: 1 }), { description });
export const port = (description: string, value?: number) =>
  Type.Integer({ minimum: 0, maximum: 65535, description, ...(value === undefined ? {} : { default: value }) });
